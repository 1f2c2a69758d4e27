"""The oracle: from a history to findings. The definition it implements stands at the head of offline/expected.py."""
