//! `stepwell iam`: the IAM policy that the role of a state machine needs.

use super::Failure;
use super::validate::shown;
use crate::definition::{self, RESOURCE, Substitutions};
use crate::terminal;
use asl::policy::{self, Need, Place, Role};
use asl::{MachineType, Program, Severity};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What the policy is for.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Definitions in Amazon States Language, in JSON or YAML; one policy for all of them.
    #[arg(required = true, value_name = "DEFINITION")]
    files: Vec<PathBuf>,
    /// Check for an Express state machine.
    #[arg(long)]
    express: bool,
    /// The Region of what the definition names without one.
    #[arg(long, default_value = "*", hide_default_value = true)]
    region: String,
    /// The account of what the definition names without one.
    #[arg(long, default_value = "*", hide_default_value = true)]
    account: String,
    /// The name of the state machine, which a distributed Map and HTTP tasks need.
    #[arg(long, default_value = "*", hide_default_value = true)]
    name: String,
    /// Print the policy of this role, which states name in `Credentials`, instead of the state machine's own.
    #[arg(long, value_name = "ARN")]
    role: Option<String>,
    #[command(flatten)]
    substitutions: Substitutions,
}

/// Prints the policy, and on stderr what is to be known about it.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let place = Place {
        region: arguments.region.clone(),
        account: arguments.account.clone(),
        state_machine: arguments.name.clone(),
        ..Place::anywhere()
    };
    let substitutions = arguments.substitutions.over(&BTreeMap::new());
    let mut needs = Vec::new();
    let mut is_refused = false;
    for file in &arguments.files {
        match program(file, arguments.express, &substitutions)? {
            Some(program) => {
                for (state, reason) in policy::not_implemented(&program) {
                    note(file, &format!("`{state}` cannot be run here: {reason}"));
                }
                needs.extend(policy::needs(&program, &place));
            }
            None => is_refused = true,
        }
    }
    if is_refused {
        return Ok(ExitCode::FAILURE);
    }
    let wanted = arguments.role.clone().map(Role::Named);
    if arguments.role.is_none() {
        tell_of_roles(&needs);
    }
    let document = policy::document(needs.iter().filter(|need| need.role == wanted));
    if document.statements.is_empty() {
        eprintln!("note: the role needs nothing");
    }
    for text in &document.notes {
        eprintln!("note: {}", terminal::line(text));
    }
    println!("{}", terminal::json(&format!("{:#}", document.to_json())));
    Ok(ExitCode::SUCCESS)
}

/// Compiles a definition; prints why when it cannot be.
fn program(
    file: &Path,
    express: bool,
    substitutions: &BTreeMap<String, String>,
) -> Result<Option<Program>, Failure> {
    let text = definition::read(file, substitutions)?;
    // The function keeps its placeholder as its name: without Region and account it is known again.
    let (text, _) = definition::with_functions(&text, RESOURCE, |name| {
        format!("arn:aws:lambda:::function:${{{name}}}")
    });
    let machine_type = if express {
        MachineType::Express
    } else {
        MachineType::Standard
    };
    let compiled = asl::compile(&text, machine_type);
    // What only makes a state fail says nothing of its rights.
    let errors = compiled.diagnostics.iter();
    for finding in errors.filter(|finding| finding.severity == Severity::Error) {
        eprintln!("{}", shown(file, finding));
    }
    Ok(compiled.program)
}

/// Says which other roles states call under, and what those need.
fn tell_of_roles(needs: &[Need]) {
    let mut roles: BTreeMap<&Role, Vec<&Need>> = BTreeMap::new();
    for need in needs {
        if let Some(role) = &need.role {
            roles.entry(role).or_default().push(need);
        }
    }
    for (role, needs) in roles {
        let mut states: Vec<String> = needs.iter().map(|need| format!("`{}`", need.state)).collect();
        states.dedup();
        let mut actions: Vec<&str> = needs.iter().map(|need| need.permission.action.as_str()).collect();
        actions.sort_unstable();
        actions.dedup();
        let (states, actions) = (states.join(", "), actions.join(", "));
        let told = match role {
            Role::Named(arn) => format!(
                "{states} calls under the role `{arn}`, which needs {actions}: `--role {arn}` prints its policy"
            ),
            Role::Chosen => {
                format!("{states} calls under a role that is chosen when it runs, which needs {actions}")
            }
        };
        eprintln!("note: {}", terminal::line(&told));
    }
}

fn note(file: &Path, text: &str) {
    let told = format!("{}: note: {text}", file.display());
    eprintln!("{}", terminal::line(&told));
}
