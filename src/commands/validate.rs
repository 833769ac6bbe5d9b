//! `stepwell validate`: checks definitions.

use super::Failure;
use crate::terminal;
use asl::{Diagnostic, MachineType, Severity};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to check.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Definitions in Amazon States Language.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Check for an Express state machine.
    #[arg(long)]
    express: bool,
}

/// Puts a function's ARN in the place of every `"${Name}"` that is a whole Resource: SAM and Terraform fill those in when
/// the definition is deployed. Returns how many there were.
pub(crate) fn substituted(text: &str, arn: impl Fn(&str) -> String) -> (String, usize) {
    let mut filled = String::with_capacity(text.len());
    let mut count = 0;
    let mut rest = text;
    while let Some(at) = rest.find("\"Resource\"") {
        let (before, field) = rest.split_at(at + "\"Resource\"".len());
        filled.push_str(before);
        rest = field;
        let value = field.trim_start_matches([' ', '\t', '\r', '\n', ':']);
        let name = value
            .strip_prefix("\"${")
            .and_then(|value| value.split_once("}\""));
        let is_name = |name: &str| {
            name.chars()
                .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.'))
        };
        if let Some((name, behind)) = name.filter(|(name, _)| is_name(name)) {
            filled.push_str(&format!(": \"{}\"", arn(name)));
            rest = behind;
            count += 1;
        }
    }
    filled.push_str(rest);
    (filled, count)
}

/// Writes a finding with its place, in one line.
pub(crate) fn shown(file: &Path, finding: &Diagnostic) -> String {
    let kind = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let place = if finding.location.is_empty() {
        "/"
    } else {
        &finding.location
    };
    let file = file.display();
    let found = format!("{file}: {kind}: {place}: {} [{}]", finding.message, finding.code);
    terminal::line(&found).into_owned()
}

fn function(name: &str) -> String {
    format!("arn:aws:lambda:us-east-1:123456789012:function:{name}")
}

/// Prints every finding with its place; fails when one is an error.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let machine_type = if arguments.express {
        MachineType::Express
    } else {
        MachineType::Standard
    };
    let mut errors = 0;
    for file in &arguments.files {
        let text = std::fs::read_to_string(file).map_err(Failure::while_trying(file.display()))?;
        let name = file.display().to_string();
        let name = terminal::line(&name);
        let (text, placeholders) = substituted(&text, function);
        if placeholders > 0 {
            println!(
                "{name}: note: {placeholders} placeholders in the place of a Resource are taken for Lambda functions"
            );
        }
        let compiled = asl::compile(&text, machine_type);
        for finding in &compiled.diagnostics {
            errors += usize::from(finding.severity == Severity::Error);
            println!("{}", shown(file, finding));
        }
        if compiled.diagnostics.is_empty() {
            println!("{name}: ok");
        }
    }
    Ok(if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::{function, substituted};

    #[test]
    fn placeholders_of_resources_are_filled_in_and_others_stay() {
        let text =
            r#"{"A": {"Resource": "${Fn}", "Parameters": {"x": "${Fn}"}}, "B": {"Resource":"arn:${P}:x"}}"#;
        let expected = r#"{"A": {"Resource": "arn:aws:lambda:us-east-1:123456789012:function:Fn", "Parameters": {"x": "${Fn}"}}, "B": {"Resource":"arn:${P}:x"}}"#;
        assert_eq!(substituted(text, function), (expected.to_owned(), 1));
        assert_eq!(substituted("{}", function), ("{}".to_owned(), 0));
    }
}
