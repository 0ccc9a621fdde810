"""What the notebook is right now: numbered cells with their outputs, from the kernel's own record and the saved file.

Not what is sent of it: choosing, shortening and redacting is `context`'s.
"""
