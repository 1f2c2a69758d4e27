"""Tests of roomproof/dialects."""
