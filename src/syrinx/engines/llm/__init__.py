"""Language models: the contract and one file per engine."""
