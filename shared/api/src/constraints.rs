//! What the service model demands of each member, and AWS's words for what fails.

use crate::error::Error;

/// The constraint of a string member.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    min: usize,
    max: usize,
    measure: Measure,
    /// Whether AWS keeps the value out of messages.
    sensitive: bool,
    pattern: Option<Pattern>,
}

/// What a string's characters must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pattern {
    Ascii,
    /// Letters, digits, `_`, `-` and `.`, but not digits alone.
    RestrictedName,
}

impl Pattern {
    fn admits(self, text: &str) -> bool {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
        match self {
            Pattern::Ascii => text.is_ascii(),
            Pattern::RestrictedName => {
                text.bytes().all(allowed) && text.bytes().any(|byte| !byte.is_ascii_digit())
            }
        }
    }

    /// Returns the pattern as the service model writes it.
    fn text(self) -> &'static str {
        match self {
            Pattern::Ascii => r"\p{ASCII}*",
            Pattern::RestrictedName => r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$",
        }
    }
}

/// What a string's length is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    Characters,
    /// UTF-8; AWS counts payloads and definitions so.
    Bytes,
}

impl Text {
    const fn plain(min: usize, max: usize) -> Text {
        Text {
            min,
            max,
            measure: Measure::Characters,
            sensitive: false,
            pattern: None,
        }
    }

    const fn sensitive(min: usize, max: usize) -> Text {
        Text {
            sensitive: true,
            ..Text::plain(min, max)
        }
    }

    /// Returns the constraint of inputs and outputs; `max` is the payload limit in force.
    pub(crate) const fn payload(max: usize) -> Text {
        Text {
            measure: Measure::Bytes,
            ..Text::sensitive(0, max)
        }
    }

    /// Returns what `value` violates.
    pub(crate) fn violations(&self, path: &str, value: &str) -> Vec<String> {
        let length = match self.measure {
            Measure::Characters => value.chars().count(),
            Measure::Bytes => value.len(),
        };
        let mut found = Vec::new();
        if length < self.min {
            found.push(format!(
                "Member must have length greater than or equal to {}",
                self.min
            ));
        }
        if length > self.max {
            found.push(format!(
                "Member must have length less than or equal to {}",
                self.max
            ));
        }
        if let Some(pattern) = self.pattern
            && !pattern.admits(value)
        {
            found.push(format!(
                "Member must satisfy regular expression pattern: {}",
                pattern.text()
            ));
        }
        let shown = if self.sensitive { None } else { Some(value) };
        found
            .into_iter()
            .map(|constraint| violation(path, shown, &constraint))
            .collect()
    }
}

// Lengths: the service model of 2016-11-23.
pub(crate) const NAME: Text = Text::plain(1, 80);
pub(crate) const ARN: Text = Text::plain(1, 256);
pub(crate) const LONG_ARN: Text = Text::plain(1, 2000);
pub(crate) const DEFINITION: Text = Text {
    measure: Measure::Bytes,
    ..Text::sensitive(1, DEFINITION_BYTES_MAX)
};
pub(crate) const ERROR: Text = Text::sensitive(0, engine::limits::ERROR_CHARACTERS_MAX);
pub(crate) const CAUSE: Text = Text::sensitive(0, engine::limits::CAUSE_CHARACTERS_MAX);
pub(crate) const TRACE_HEADER: Text = Text {
    pattern: Some(Pattern::Ascii),
    ..Text::plain(0, 256)
};
pub(crate) const TASK_TOKEN: Text = Text::sensitive(1, 2048);
pub(crate) const CLIENT_TOKEN: Text = Text::plain(1, 64);
pub(crate) const PAGE_TOKEN: Text = Text::plain(1, 1024);
pub(crate) const LIST_EXECUTIONS_PAGE_TOKEN: Text = Text::plain(1, 3096);
pub(crate) const DESCRIPTION: Text = Text::sensitive(0, 256);
pub(crate) const REVISION_ID: Text = Text::plain(0, usize::MAX);
pub(crate) const ALIAS_NAME: Text = Text {
    pattern: Some(Pattern::RestrictedName),
    ..Text::plain(1, 80)
};
pub(crate) const KMS_KEY_ID: Text = Text::plain(1, 2048);
pub(crate) const TAG_KEY: Text = Text::plain(1, 128);
pub(crate) const TAG_VALUE: Text = Text::plain(0, 256);

/// Bytes of a definition. AWS quota: 1 MiB.
pub(crate) const DEFINITION_BYTES_MAX: usize = 1_048_576;
/// Tags of one resource. AWS quota: 50.
pub(crate) const TAGS_MAX: usize = 50;
/// Versions of one state machine. AWS quota: 1000.
pub(crate) const VERSIONS_MAX: usize = 1000;
/// Aliases of one state machine. AWS quota: 100.
pub(crate) const ALIASES_MAX: usize = 100;
/// Versions that an alias leads to. Service model: RoutingConfigurationList.
pub(crate) const ROUTES_MAX: usize = 2;
/// The sum of an alias's weights, and the greatest of them. Service model: VersionWeight.
pub(crate) const WEIGHT_MAX: u64 = 100;
/// Rows of a page at most. Service model: PageSize.
pub(crate) const PAGE_ROWS_MAX: u64 = 1000;
/// Diagnostics in one answer at most. Service model: ValidateStateMachineDefinitionMaxResult.
pub(crate) const DIAGNOSTICS_MAX: u64 = 100;

/// Writes one violation as AWS does; a value of `None` is one that is not shown.
pub(crate) fn violation(path: &str, value: Option<&str>, constraint: &str) -> String {
    match value {
        Some(value) => format!("Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"),
        None => format!("Value at '{path}' failed to satisfy constraint: {constraint}"),
    }
}

/// Writes the violation of a required member that is not there.
pub(crate) fn missing(path: &str) -> String {
    format!("Value null at '{path}' failed to satisfy constraint: Member must not be null")
}

/// Returns the exception that tells all violations of a request; `None` when there are none.
pub(crate) fn refusal(violations: &[String]) -> Option<Error> {
    let plural = if violations.len() == 1 { "error" } else { "errors" };
    let list = violations.join("; ");
    (!violations.is_empty()).then(|| {
        Error::validation(format!(
            "{} validation {plural} detected: {list}",
            violations.len()
        ))
    })
}

/// Refuses names with characters that AWS forbids in names of state machines, executions and activities.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    if name.chars().any(is_forbidden) {
        Err(Error::invalid_name(name))
    } else {
        Ok(())
    }
}

fn is_forbidden(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(character)
        || matches!(character, '\u{FFFE}' | '\u{FFFF}' | '\u{10FFFF}')
}

#[cfg(test)]
mod tests;
