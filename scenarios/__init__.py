"""The black-box scenarios: files test_FAMILY*.py for each family of rules."""
