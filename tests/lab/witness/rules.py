# SPDX-License-Identifier: GPL-2.0-or-later
"""What a passive observer cannot know: RULES.md as code.

A rule is asked only when the two histories differ. It explains the difference from the packets of
the case, or it doesn't; it never looks away from a state that the view's packets prove.
"""

RULES = []


def rule(name):
    def register(function):
        RULES.append((name, function))
        return function
    return register


def explain(case, side, life, ours, record):
    """The name of the rule that explains why `ours` isn't the kernel's history, or None."""
    for name, function in RULES:
        if function(case, side, life, ours, record):
            return name
    return None
