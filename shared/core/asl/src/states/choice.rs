//! Choice: goes where the first true rule says.

use super::condition;
use crate::expression::Offered;
use crate::fields::Fields;
use crate::program::{Choice, Rule, StateId};

/// Reads a Choice state.
pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Choice {
    fields.require(&["Choices"]);
    let flow = fields.flow(Offered::INPUT);
    let entries = fields.objects("Choices");
    if entries.is_empty()
        && fields
            .value("Choices")
            .is_some_and(|value| value.as_array().is_some_and(Vec::is_empty))
    {
        fields.findings.schema(
            &fields.at.field("Choices"),
            "The field 'Choices' must not be empty",
        );
    }
    let mut rules = Vec::new();
    for (object, at) in entries {
        rules.extend(rule(&mut fields.of(object, at)));
    }
    Choice {
        flow,
        rules,
        default: fields.target("Default"),
    }
}

fn rule(fields: &mut Fields<'_, '_>) -> Option<Rule> {
    fields.require(&["Next"]);
    let condition = condition::of_rule(fields);
    let output = if fields.is_jsonata() {
        fields.template("Output", Offered::INPUT)
    } else {
        None
    };
    let assign = fields.assign(Offered::INPUT);
    // A missing target is among the findings, and a program with findings is never run.
    let next = fields.target("Next").unwrap_or(StateId(0));
    Some(Rule {
        condition: condition?,
        next,
        assign,
        output,
    })
}
