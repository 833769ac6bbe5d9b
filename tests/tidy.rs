//! The rules of the house, for what no compiler checks.
