//! `stepwell run`: runs a definition to its end, and shows each state as it happens.

use super::{Failure, USAGE};
use crate::config::{Config, RunSettings};
use crate::definition::{self, FUNCTION, Substitutions};
use crate::progress::{End, Progress, duration, shortened};
use crate::server;
use crate::stack::{Options, Stack};
use crate::terminal;
use asl::{MachineType, Severity};
use driver::{Driver, Start, Started};
use engine::{ExecutionType, Status};
use ports::{Filter, Machine, MachineStatus, Owner, Revision, machine_key};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::sync::mpsc;

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A definition in JSON or YAML, or a folder with a `stepwell.toml` that names one.
    #[arg(value_name = "DEFINITION")]
    definition: PathBuf,
    /// The input: a file, or JSON. Without it: the runs of the configuration, or `{}`.
    #[arg(long, value_name = "FILE|JSON")]
    input: Option<String>,
    /// A mock configuration in the format of Step Functions Local.
    #[arg(long, value_name = "FILE", conflicts_with = "no_mocks")]
    mock: Option<PathBuf>,
    /// Leave the configured mocks out: services are called as the AWS settings of the environment say.
    #[arg(long)]
    no_mocks: bool,
    /// The test case of the mock configuration.
    #[arg(long, value_name = "NAME")]
    test_case: Option<String>,
    /// A folder that keeps the executions; what was open there goes on. Without it nothing is kept.
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// Let time jump to the next deadline whenever nothing is at work.
    #[arg(long)]
    fast_forward: bool,
    /// Print the outcome as JSON instead of the output alone.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    substitutions: Substitutions,
    /// The configuration file; default: `stepwell.toml` beside the definition, if there is one.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// One execution to run.
struct Planned {
    label: String,
    input: String,
    test_case: Option<String>,
    expect: Status,
}

/// Runs the executions one after the other.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let is_folder = arguments.definition.is_dir();
    let folder = if is_folder {
        Some(arguments.definition.as_path())
    } else {
        arguments.definition.parent()
    };
    let config = Config::find(arguments.config.as_deref(), folder)?;
    let definition = match (&config.definition, is_folder) {
        (Some(file), true) => config.folder.join(file),
        (None, true) => {
            return Err(Failure(format!(
                "{} names no `definition`",
                config.folder.join("stepwell.toml").display()
            )));
        }
        (_, false) => arguments.definition.clone(),
    };
    let text = local(&definition, &config, &arguments.substitutions)?;
    let compiled = asl::compile(&text, MachineType::Standard);
    for finding in compiled
        .diagnostics
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
    {
        let place = if finding.location.is_empty() {
            "/"
        } else {
            &finding.location
        };
        let found = format!(
            "{}: {place}: {} [{}]",
            definition.display(),
            finding.message,
            finding.code
        );
        eprintln!("{}", terminal::line(&found));
    }
    let Some(program) = compiled.program else {
        return Ok(ExitCode::from(USAGE));
    };
    let planned = plan(&arguments, &config)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::while_trying("the runtime"))?;
    runtime.block_on(run_all(
        &arguments,
        &config,
        &definition,
        &text,
        Arc::new(program),
        planned,
    ))
}

/// Reads a definition for this machine: a placeholder that nothing is put in the place of is the name of a function where a
/// function is wanted. Says which others are left.
fn local(file: &Path, config: &Config, substitutions: &Substitutions) -> Result<String, Failure> {
    let text = definition::read(file, &substitutions.over(&config.substitutions))?;
    let (region, account) = (config.region(), config.account());
    let arn = |name: &str| format!("arn:aws:lambda:{region}:{account}:function:{name}");
    let (text, _) = definition::with_functions(&text, FUNCTION, arn);
    let left = definition::placeholders(&text);
    if !left.is_empty() {
        let left: Vec<String> = left.iter().map(|name| format!("`${{{name}}}`")).collect();
        let (file, left) = (file.display(), left.join(", "));
        let note = format!(
            "{file}: note: {left}: nothing is put in the place of these; --substitute NAME=VALUE does, or `[substitutions]` in stepwell.toml"
        );
        eprintln!("{}", terminal::line(&note));
    }
    Ok(text)
}

/// Returns what is to be run: one input, or the runs of the configuration.
fn plan(arguments: &Arguments, config: &Config) -> Result<Vec<Planned>, Failure> {
    if let Some(input) = &arguments.input {
        let input = read_input(input)?;
        let test_case = arguments.test_case.clone();
        return Ok(vec![Planned {
            label: String::new(),
            input,
            test_case,
            expect: Status::Succeeded,
        }]);
    }
    if config.runs.is_empty() || !arguments.definition.is_dir() {
        let test_case = arguments.test_case.clone();
        return Ok(vec![Planned {
            label: String::new(),
            input: "{}".to_owned(),
            test_case,
            expect: Status::Succeeded,
        }]);
    }
    config.runs.iter().map(|run| planned(run, config)).collect()
}

fn planned(run: &RunSettings, config: &Config) -> Result<Planned, Failure> {
    let expect = match run.expect.as_deref() {
        None | Some("SUCCEEDED") => Status::Succeeded,
        Some("FAILED") => Status::Failed,
        Some("TIMED_OUT") => Status::TimedOut,
        Some("ABORTED") => Status::Aborted,
        Some(other) => {
            return Err(Failure(format!(
                "run `{}`: `{other}` is no status of an execution",
                run.name
            )));
        }
    };
    let input = read_input(&config.folder.join(&run.input).to_string_lossy())?;
    Ok(Planned {
        label: run.name.clone(),
        input,
        test_case: run.test_case.clone(),
        expect,
    })
}

/// Reads an input: a file's text, or the text itself when it is JSON and no file.
fn read_input(input: &str) -> Result<String, Failure> {
    let path = Path::new(input);
    let text = if path.is_file() {
        std::fs::read_to_string(path).map_err(Failure::while_trying(input))?
    } else {
        input.to_owned()
    };
    match serde_json::from_str::<Value>(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Failure(format!(
            "the input `{}` is neither a file nor JSON: {error}",
            shortened(input)
        ))),
    }
}

async fn run_all(
    arguments: &Arguments,
    config: &Config,
    definition: &Path,
    text: &str,
    program: Arc<asl::Program>,
    planned: Vec<Planned>,
) -> Result<ExitCode, Failure> {
    let (send, mut ends) = mpsc::unbounded_channel();
    let progress = Arc::new(Progress::new(send));
    let mocks = match (&arguments.mock, &config.mocks) {
        _ if arguments.no_mocks => None,
        (Some(file), _) => Some(file.clone()),
        (None, Some(file)) => Some(config.folder.join(file)),
        (None, None) => None,
    };
    let watching = Arc::clone(&progress);
    let port = match config.functions.is_empty() {
        true => None,
        false => Some(server::open_any().await?),
    };
    let stack = Stack::open(
        config,
        Options {
            data: arguments.data.as_deref(),
            mocks: mocks.as_deref(),
            fast_forward: arguments.fast_forward,
            served_at: port.as_ref().map(|(_, address)| *address),
            observer: Some(Arc::clone(&progress) as Arc<dyn driver::Observer>),
            watch: Some(Box::new(move |request, by| watching.answered(request, by))),
        },
    )?;
    if let Some((listener, _)) = port {
        let (api, store) = (stack.api.clone(), stack.store.clone());
        // It ends with the process.
        let serving = server::serve(
            api,
            store,
            listener,
            server::Visitors::local(),
            std::future::pending(),
        );
        tokio::spawn(serving);
    }
    let machine = register(&stack.driver, config, &machine_name(definition), text).await?;
    let mut open = open_executions(&stack.driver, &machine).await?;
    for (arn, input) in &open {
        let run = planned.iter().find(|run| run.input == **input);
        progress.label(Arc::clone(arn), run.map_or("", |run| run.label.as_str()));
    }
    if !open.is_empty() {
        eprintln!("{} open executions go on", open.len());
    }
    stack.recover().await?;
    let mut outcomes = Vec::new();
    for run in planned {
        // What was begun before, with the same input, goes on instead of beginning again.
        let begun = open.iter().position(|(_, input)| **input == *run.input);
        let arn = match begun {
            Some(place) => open.swap_remove(place).0,
            None => start(&stack.driver, &machine, &program, &run, &progress).await?,
        };
        let end = wait_for(&mut ends, &arn).await?;
        outcomes.push((run, end));
    }
    stack.close().await;
    report(arguments, &outcomes)
}

/// Waits for the end of one execution. Others that end meanwhile were begun by an earlier command.
async fn wait_for(ends: &mut mpsc::UnboundedReceiver<End>, arn: &str) -> Result<End, Failure> {
    while let Some(end) = ends.recv().await {
        if *end.arn == *arn {
            return Ok(end);
        }
    }
    Err(Failure(
        "the driver stopped before the execution ended".to_owned(),
    ))
}

async fn start(
    driver: &Driver,
    machine: &Machine,
    program: &Arc<asl::Program>,
    run: &Planned,
    progress: &Progress,
) -> Result<Arc<str>, Failure> {
    let random = driver.ports().entropy.bytes();
    let suffix: String = random.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let name = if run.label.is_empty() {
        format!("run-{suffix}")
    } else {
        format!("{}-{suffix}", run.label)
    };
    let arn: Arc<str> = format!(
        "{}:{name}",
        machine.arn.replacen(":stateMachine:", ":execution:", 1)
    )
    .into();
    progress.label(Arc::clone(&arn), &run.label);
    let start = Start {
        machine: machine.clone(),
        program: Arc::clone(program),
        name,
        input: run.input.as_str().into(),
        trace_header: None,
        version_arn: None,
        alias_arn: None,
        test_case: run.test_case.as_deref().map(Arc::from),
        parent: None,
        part: None,
    };
    match driver
        .start(start)
        .await
        .map_err(|error| Failure(error.to_string()))?
    {
        Started::New { arn, .. } | Started::Same { arn, .. } => Ok(arn),
        Started::NameTaken { arn } => Err(Failure(format!("the name of {arn} is taken"))),
    }
}

/// Makes the definition known under its name; an earlier one of the name is replaced.
async fn register(driver: &Driver, config: &Config, name: &str, text: &str) -> Result<Machine, Failure> {
    let failed = |error: ports::RegistryError| Failure(error.to_string());
    let registry = &driver.ports().registry;
    let owner = Owner {
        region: config.region().into(),
        account: config.account().into(),
    };
    let now = driver.ports().clock.now();
    let random = driver.ports().entropy.bytes();
    let machine = Machine {
        arn: format!(
            "arn:aws:states:{}:{}:stateMachine:{name}",
            owner.region, owner.account
        ),
        name: name.to_owned(),
        machine_type: ExecutionType::Standard,
        status: MachineStatus::Active,
        created: now,
        updated: now,
        revision: Revision {
            id: random.iter().take(16).map(|byte| format!("{byte:02x}")).collect(),
            definition: text.into(),
            role_arn: format!("arn:aws:iam::{}:role/local", owner.account).into(),
            logging: None,
            tracing: None,
            encryption: None,
            created: now,
        },
        tags: BTreeMap::new(),
        published: Arc::default(),
        edits: 0,
        owner,
    };
    let Some(existing) = registry.insert_machine(machine.clone()).await.map_err(failed)? else {
        return Ok(machine);
    };
    if *existing.revision.definition == *text {
        return Ok(existing);
    }
    let edition = existing.edition();
    let replaced = Machine {
        created: existing.created,
        tags: existing.tags,
        published: existing.published,
        edits: existing.edits + 1,
        ..machine
    };
    if registry
        .replace_machine(replaced.clone(), &edition)
        .await
        .map_err(failed)?
    {
        Ok(replaced)
    } else {
        Err(Failure(format!(
            "another command changed the definition of `{name}` at the same time"
        )))
    }
}

/// Returns the executions of the state machine that are open, oldest first: ARN and input.
async fn open_executions(driver: &Driver, machine: &Machine) -> Result<Vec<(Arc<str>, Arc<str>)>, Failure> {
    let filter = Filter {
        machine: machine_key(&machine.owner, &machine.name),
        status: Some(Status::Running),
        qualified_arn: None,
        after: None,
        limit: 1000,
    };
    let page = driver
        .ports()
        .journal
        .list(filter)
        .await
        .map_err(|error| Failure(error.to_string()))?;
    let mut open = Vec::new();
    for head in page.rows.into_iter().rev() {
        let input = driver
            .text(&head.input)
            .await
            .map_err(|error| Failure(error.to_string()))?;
        open.push((Arc::clone(&head.identity.arn), input));
    }
    Ok(open)
}

/// Returns the state machine's name: that of the file, or of its folder for `workflow.asl.json`.
fn machine_name(definition: &Path) -> String {
    let file = definition
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let stem = file.split('.').next().unwrap_or_default().to_owned();
    let parent = definition.canonicalize().ok();
    let parent = parent.as_deref().and_then(Path::parent).and_then(Path::file_name);
    match (stem.as_str(), parent) {
        ("workflow" | "definition" | "statemachine", Some(parent)) => parent.to_string_lossy().into_owned(),
        _ => stem,
    }
}

fn report(arguments: &Arguments, outcomes: &[(Planned, End)]) -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    let write = |error: std::io::Error| Failure(format!("writing the outcome: {error}"));
    let is_single = outcomes.len() == 1 && outcomes.first().is_some_and(|(run, _)| run.label.is_empty());
    if arguments.json {
        let rows: Vec<Value> = outcomes.iter().map(|(run, end)| as_json(run, end)).collect();
        let shown = if is_single {
            rows.into_iter().next().unwrap_or_default()
        } else {
            Value::Array(rows)
        };
        writeln!(out, "{}", terminal::json(&format!("{shown:#}"))).map_err(write)?;
    } else if is_single {
        for (_, end) in outcomes {
            if let Some(output) = &end.output {
                writeln!(out, "{}", terminal::json(output)).map_err(write)?;
            } else {
                let state = end
                    .failed_state
                    .as_deref()
                    .map_or(String::new(), |state| format!(" in state `{state}`"));
                let error = end.error.as_deref().unwrap_or("(no error name)");
                let cause = end.cause.as_deref().unwrap_or("(no cause)");
                let ended = format!("{}{state}: {error}: {cause}", end.status.name());
                eprintln!("{}", terminal::lines(&ended));
            }
        }
    } else {
        table(&mut out, outcomes).map_err(write)?;
    }
    let met = outcomes.iter().all(|(run, end)| run.expect == end.status);
    Ok(if met { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn as_json(run: &Planned, end: &End) -> Value {
    json!({
        "name": run.label,
        "executionArn": end.arn,
        "status": end.status.name(),
        "startDate": end.started.to_string(),
        "stopDate": end.stopped.to_string(),
        "output": end.output.as_deref().map(|output| serde_json::from_str(output).unwrap_or(Value::Null)),
        "state": end.failed_state,
        "error": end.error,
        "cause": end.cause,
    })
}

fn table(out: &mut impl std::io::Write, outcomes: &[(Planned, End)]) -> std::io::Result<()> {
    let width = outcomes
        .iter()
        .map(|(run, _)| run.label.len())
        .max()
        .unwrap_or(0)
        .max(5);
    writeln!(
        out,
        "\n{:width$}  {:9}  {:>12}  outcome",
        "input", "status", "took"
    )?;
    for (run, end) in outcomes {
        let took = duration(end.stopped.millis() - end.started.millis());
        let said = match (&end.output, &end.error) {
            (Some(output), _) => shortened(output),
            (None, error) => shortened(&format!(
                "{}: {}",
                error.as_deref().unwrap_or_default(),
                end.cause.as_deref().unwrap_or_default()
            )),
        };
        let note = if run.expect == end.status {
            ""
        } else {
            "   NOT AS EXPECTED"
        };
        writeln!(
            out,
            "{:width$}  {:9}  {took:>12}  {said}{note}",
            terminal::line(&run.label),
            end.status.name()
        )?;
    }
    Ok(())
}
