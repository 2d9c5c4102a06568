"""The demo: several processes talk to each other, and a table shows how fast."""
