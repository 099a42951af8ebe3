"""The page in the browser: conversations, a thread, what needs attention, and on the local stack a phone."""
