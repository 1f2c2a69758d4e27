"""Real servers from the registries, judged by `roomproof verify`."""
