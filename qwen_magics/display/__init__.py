"""What people see: answers, receipts and reports as cell outputs, or as text in a terminal. Sends nothing."""
