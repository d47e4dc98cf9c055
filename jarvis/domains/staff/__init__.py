"""People of the company: roles, branches, bindings, invitations, dismissal."""
