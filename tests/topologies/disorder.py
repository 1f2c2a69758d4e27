"""A pytest plugin with which nobody ever hears anybody."""

from roomproof.stage.person import Person

Person.hears = lambda self, *contents: self.hears_leave_of(contents[0], within=0.1)  # type: ignore[method-assign]
