"""What Roomproof can start by itself to test it: instances of the reference server, alone or behind one address."""
