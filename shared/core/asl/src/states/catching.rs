//! `Catch`: which errors lead to which state.

use super::allowed::{self, CATCHER};
use crate::expression::Offered;
use crate::fields::{Fields, strings};
use crate::program::{Catcher, ResultPath, StateId};

/// Reads `Catch`.
pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Vec<Catcher> {
    let entries = fields.objects("Catch");
    let count = entries.len();
    let mut catch = Vec::new();
    for (index, (object, at)) in entries.into_iter().enumerate() {
        let mut entry = fields.of(object, at);
        allowed::check(&mut entry, CATCHER);
        let catcher = catcher(&mut entry);
        check_order(&mut entry, &catcher.error_equals, index + 1 == count);
        catch.push(catcher);
    }
    catch
}

fn catcher(fields: &mut Fields<'_, '_>) -> Catcher {
    fields.require(&["ErrorEquals", "Next"]);
    let jsonata = fields.is_jsonata();
    Catcher {
        error_equals: error_equals(fields),
        // A missing target is among the findings, and a program with findings is never run.
        next: fields.target("Next").unwrap_or(StateId(0)),
        result_path: if jsonata {
            ResultPath::Replace
        } else {
            fields.result_path()
        },
        output: if jsonata {
            fields.template("Output", Offered::ERROR_OUTPUT)
        } else {
            None
        },
        assign: fields.assign(Offered::ERROR_OUTPUT),
    }
}

/// Reads `ErrorEquals`.
pub(super) fn error_equals(fields: &mut Fields<'_, '_>) -> Vec<String> {
    let names = fields.read("ErrorEquals", |value| {
        let names = strings(value)?;
        if names.is_empty() {
            Err("The field 'ErrorEquals' must not be empty".to_owned())
        } else {
            Ok(names)
        }
    });
    names.unwrap_or_default()
}

/// Reports `States.ALL` beside other names, or before other entries.
pub(super) fn check_order(fields: &mut Fields<'_, '_>, names: &[String], last: bool) {
    let Some(index) = names.iter().position(|name| name == "States.ALL") else {
        return;
    };
    if names.len() > 1 || !last {
        let at = fields.at.field("ErrorEquals").item(index);
        fields
            .findings
            .schema(&at, "States.ALL must appear alone and at end of list");
    }
}
