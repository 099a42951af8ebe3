"""What `mms doctor` looks at: each module checks some parts of a stack, and says what it found and what to do."""
