"""What the companion says: rules and texts, one module per subject. No network, no state, the same words every time."""
