//! `stepwell validate`: checks definitions.

use super::Failure;
use crate::definition::{self, RESOURCE, Substitutions};
use crate::terminal;
use asl::{Diagnostic, MachineType, Severity};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to check.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Definitions in Amazon States Language, in JSON or YAML.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Check for an Express state machine.
    #[arg(long)]
    express: bool,
    #[command(flatten)]
    substitutions: Substitutions,
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
    let substitutions = arguments.substitutions.over(&BTreeMap::new());
    let mut errors = 0;
    for file in &arguments.files {
        let text = definition::read(file, &substitutions)?;
        let name = file.display().to_string();
        let name = terminal::line(&name);
        let (text, placeholders) = definition::with_functions(&text, RESOURCE, function);
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
