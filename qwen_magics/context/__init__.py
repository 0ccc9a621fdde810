"""What the model will see: cells → items → messages. Reads a `Notebook`, knows no provider, no price and no display."""
