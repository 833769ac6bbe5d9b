//! Where in a definition something stands.

use std::fmt;

/// A place in a definition, written as AWS writes it: `/States/Ship/Catch[0]/Next`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    text: String,
    /// How much of `text` names the state that the place is in.
    state: usize,
}

impl Place {
    /// Returns the place of the whole definition.
    pub(crate) fn root() -> Place {
        Place {
            text: String::new(),
            state: 0,
        }
    }

    /// Returns the place of the field `name` below this one.
    pub(crate) fn field(&self, name: &str) -> Place {
        Place {
            text: format!("{}/{name}", self.text),
            state: self.state,
        }
    }

    /// Returns the place of the element at `index` of the list at this place.
    pub(crate) fn item(&self, index: usize) -> Place {
        Place {
            text: format!("{}[{index}]", self.text),
            state: self.state,
        }
    }

    /// Returns the same place, from which [`Place::in_state`] counts from now on.
    pub(crate) fn into_state(self) -> Place {
        Place {
            state: self.text.len(),
            ..self
        }
    }

    /// Returns the place within its state, as error causes name it: `Output/total`, `Choices[0]/Condition`.
    pub(crate) fn in_state(&self) -> &str {
        let rest = self.text.get(self.state..).unwrap_or_default();
        rest.strip_prefix('/').unwrap_or(rest)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.text.is_empty() { "/" } else { &self.text })
    }
}
