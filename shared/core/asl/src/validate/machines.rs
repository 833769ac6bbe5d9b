//! The fields of machines: of the definition itself, of branches and of processors.

use crate::fields::{Around, Fields, integer, string};
use crate::findings::Findings;
use crate::parse::outline::{Machine, Role};
use crate::states;
use serde_json::Value;

/// The longest time that an execution may take, in seconds. // AWS: states-language.net, "Top-level fields"
const TIMEOUT_SECONDS_MAX: u64 = 99_999_999;

/// Reports what is wrong with the fields of one machine.
pub(crate) fn check_machine(machine: &Machine<'_>, findings: &mut Findings) {
    let around = Around {
        language: machine.language,
        express: machine.express,
        names: &machine.names,
    };
    let mut fields = Fields {
        object: machine.object,
        at: machine.at.clone(),
        around,
        findings,
    };
    states::check_machine(&mut fields, machine.role);
    fields.require(&["StartAt", "States"]);
    fields.read("StartAt", string);
    fields.object("States");
    if fields
        .value("States")
        .and_then(Value::as_object)
        .is_some_and(serde_json::Map::is_empty)
    {
        fields
            .findings
            .schema(&fields.at.field("States"), "The field 'States' must not be empty");
    }
    if machine.role != Role::Processor {
        states::check_query_language(&mut fields);
    }
    if machine.role == Role::Definition {
        fields.read("TimeoutSeconds", integer(1, TIMEOUT_SECONDS_MAX));
        fields.read("Version", |value| match string(value)? {
            "1.0" => Ok(()),
            _ => Err("The field 'Version' should have one of these values: [1.0]".to_owned()),
        });
    }
}
