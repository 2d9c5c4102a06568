"""The security mechanisms of ZMTP: what runs between the greeting and the first message."""
