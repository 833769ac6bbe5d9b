//! `stepwell cost`: what executions cost in an AWS account, beside Step Functions.

mod bill;
mod prices;
mod workload;

use super::Failure;
use bill::{ASSUMPTIONS, Bill};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use workload::{Counted, Workload, count};

/// The workloads that the tests measure, as they were last measured.
const MEASURED: &str = include_str!("../../tests/usage/budget.json");

/// What to reckon.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Counted usage, in the form of tests/usage/budget.json; without one, five workloads that were measured.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// For how many days executions are kept after their end: the template's RetentionDays.
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3650))]
    retention_days: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Prints what a million executions cost.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let counted: Counted = match &arguments.file {
        None => {
            serde_json::from_str(MEASURED).map_err(Failure::while_trying("the workloads of this binary"))?
        }
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(Failure::while_trying(file.display()))?;
            serde_json::from_str(&text).map_err(Failure::while_trying(file.display()))?
        }
    };
    let bills: Vec<(&Workload, Bill)> = counted
        .workloads
        .iter()
        .map(|workload| (workload, Bill::of(workload, arguments.retention_days)))
        .collect();
    if arguments.json {
        println!("{:#}", as_json(&bills, arguments.retention_days));
    } else {
        print!("{}", as_text(&bills, arguments.retention_days));
    }
    Ok(ExitCode::SUCCESS)
}

const MILLION: f64 = 1e6;

fn as_json(bills: &[(&Workload, Bill)], retention_days: u32) -> Value {
    let workloads: Vec<Value> = bills
        .iter()
        .map(|(workload, bill)| {
            let lines: serde_json::Map<String, Value> = bill
                .lines
                .iter()
                .map(|(name, dollars)| ((*name).to_owned(), json!(dollars * MILLION)))
                .collect();
            json!({
                "name": workload.name,
                "title": workload.title,
                "transitions": workload.transitions,
                "durations": if bill.durations_measured { "measured" } else { "assumed" },
                "dollars_per_million_executions": {
                    "stepwell": bill.total() * MILLION,
                    "stepwell_lines": lines,
                    "step_functions_standard": bill.standard * MILLION,
                    "step_functions_express": bill.express.map(|dollars| dollars * MILLION),
                },
                "dollars_per_million_transitions": {
                    "stepwell": per_transition(workload, bill.total()) * MILLION,
                    "step_functions_standard": per_transition(workload, bill.standard) * MILLION,
                },
            })
        })
        .collect();
    let prices: Vec<Value> = prices::ALL
        .iter()
        .map(|price| json!({ "of": price.of, "dollars": price.dollars, "written": price.written, "page": price.page }))
        .collect();
    let assumptions: Vec<Value> = ASSUMPTIONS
        .iter()
        .map(|assumed| json!({ "of": assumed.of, "value": assumed.value, "unit": assumed.unit }))
        .collect();
    json!({
        "region": prices::REGION,
        "prices_dated": prices::DATED,
        "retention_days": retention_days,
        "workloads": workloads,
        "assumptions": assumptions,
        "prices": prices,
    })
}

fn per_transition(workload: &Workload, dollars: f64) -> f64 {
    dollars / count(workload.transitions.max(1))
}

fn as_text(bills: &[(&Workload, Bill)], retention_days: u32) -> String {
    let mut text = format!(
        "Dollars for a million executions that are kept for {retention_days} days, at list prices of {} ({}), without free \
         tiers\n\n",
        prices::REGION,
        prices::DATED
    );
    let mut rows = vec![
        [
            "",
            "transitions",
            "Stepwell",
            "Standard",
            "times less",
            "Express",
            "a million transitions",
        ]
        .map(String::from),
    ];
    for (workload, bill) in bills {
        rows.push([
            workload.title.clone(),
            workload.transitions.to_string(),
            dollars(bill.total() * MILLION),
            dollars(bill.standard * MILLION),
            format!("{:.1}", bill.standard / bill.total()),
            bill.express
                .map_or_else(|| "cannot".to_owned(), |express| dollars(express * MILLION)),
            dollars(per_transition(workload, bill.total()) * MILLION),
        ]);
    }
    table(&mut text, &rows);
    text.push_str("\nWhere Stepwell's dollars go\n\n");
    let mut rows = vec![
        std::iter::once(String::new())
            .chain(bills.iter().map(|(of, _)| of.name.clone()))
            .collect(),
    ];
    let lines = bills.first().map_or(&[][..], |(_, bill)| &bill.lines);
    for (at, (name, _)) in lines.iter().enumerate() {
        let columns = bills.iter().map(|(_, bill)| dollars(bill.lines[at].1 * MILLION));
        let row: Vec<String> = std::iter::once((*name).to_owned()).chain(columns).collect();
        rows.push(row);
    }
    table(&mut text, &rows);
    text.push_str(
        "\nMeasured: requests and units, bytes in the table, transitions and messages.\nAssumed:\n",
    );
    for assumed in ASSUMPTIONS {
        let _ = writeln!(text, "  {}: {} {}", assumed.of, assumed.value, assumed.unit);
    }
    for (workload, bill) in bills {
        if !bill.durations_measured && workload.tasks > 0 {
            let _ = writeln!(
                text,
                "  a task of `{}`: {} ms, {} at once; the function waits for it",
                workload.name, workload.task_milliseconds, workload.tasks_at_once
            );
        }
    }
    text.push_str(
        "Not counted: your own functions and the services that tasks call, which cost the same either way; polling of\n\
         empty queues by Lambda, the sweep and alarms, which cost the same however many executions\n\
         there are; the monthly fee of each metric; logs of executions that a state machine asks for.\n",
    );
    text
}

/// Writes rows with aligned columns: the first to the left, numbers to the right.
fn table<R: AsRef<[String]>>(text: &mut String, rows: &[R]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.as_ref().get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.as_ref().iter().enumerate() {
            let _ = match column {
                0 => write!(line, "  {cell:<width$}", width = width(0)),
                _ => write!(line, "  {cell:>width$}", width = width(column)),
            };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

/// Writes dollars with as many digits as mean something.
fn dollars(amount: f64) -> String {
    match amount {
        amount if amount >= 100.0 => format!("{amount:.0}"),
        amount if amount > 0.0 && amount < 0.01 => "<0.01".to_owned(),
        amount => format!("{amount:.2}"),
    }
}
