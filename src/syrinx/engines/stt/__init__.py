"""Speech to text: the contract and one file per engine."""
