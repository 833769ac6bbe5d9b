//! `stepwell validate`: checks definitions.

use super::Failure;
use asl::{MachineType, Severity};
use std::path::PathBuf;
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
        let compiled = asl::compile(&text, machine_type);
        for finding in &compiled.diagnostics {
            let kind = match finding.severity {
                Severity::Error => {
                    errors += 1;
                    "error"
                }
                Severity::Warning => "warning",
            };
            let place = if finding.location.is_empty() {
                "/"
            } else {
                &finding.location
            };
            println!(
                "{}: {kind}: {place}: {} [{}]",
                file.display(),
                finding.message,
                finding.code
            );
        }
        if compiled.diagnostics.is_empty() {
            println!("{}: ok", file.display());
        }
    }
    Ok(if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
