//! ValidateStateMachineDefinition.

use crate::constraints::{DEFINITION, DIAGNOSTICS_MAX};
use crate::error::Error;
use crate::wire::Answer;
use crate::{Call, definitions, members};
use asl::{Diagnostic, Severity};
use engine::ExecutionType;
use serde_json::Value;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let (definition, machine_type, least, limit) = members::read(call.body, |members| {
        Ok((
            members.required_text("definition", &DEFINITION)?,
            members
                .one_of("type", &definitions::MACHINE_TYPES)?
                .unwrap_or(ExecutionType::Standard),
            members.one_of(
                "severity",
                &[("ERROR", Severity::Error), ("WARNING", Severity::Warning)],
            )?,
            members.max_results(DIAGNOSTICS_MAX, DIAGNOSTICS_MAX)?,
        ))
    })?;
    let compiled = definitions::compile(&definition, machine_type);
    Ok(report(
        &compiled.diagnostics,
        least.unwrap_or(Severity::Error),
        limit,
    ))
}

/// Reports findings of the severity `least` and worse, at most `limit`.
fn report(findings: &[Diagnostic], least: Severity, limit: usize) -> Answer {
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    // Errors order before warnings.
    let shown: Vec<&Diagnostic> = findings
        .iter()
        .filter(|finding| finding.severity <= least)
        .collect();
    let rows: Vec<Value> = shown.iter().take(limit).map(|finding| row(finding)).collect();
    Answer::default()
        .with("result", if failed { "FAIL" } else { "OK" })
        .with("diagnostics", rows)
        .with("truncated", shown.len() > limit)
}

fn row(finding: &Diagnostic) -> Value {
    let severity = match finding.severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
    };
    // Measured: a finding about the definition as a whole has no location.
    let location = Some(finding.location.as_str()).filter(|location| !location.is_empty());
    Answer::default()
        .with("severity", severity)
        .with("code", finding.code)
        .with("message", finding.message.as_str())
        .with_some("location", location)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn finding(severity: Severity, location: &str) -> Diagnostic {
        Diagnostic {
            severity,
            code: "CODE",
            message: "m".to_owned(),
            location: location.to_owned(),
        }
    }

    #[test]
    fn a_definition_without_findings_is_ok() {
        let expected = json!({ "result": "OK", "diagnostics": [], "truncated": false });
        assert_eq!(Value::from(report(&[], Severity::Error, 100)), expected);
    }

    #[test]
    fn warnings_are_shown_only_when_asked_for_and_do_not_fail() {
        let findings = [finding(Severity::Warning, "/States/A")];
        let quiet = Value::from(report(&findings, Severity::Error, 100));
        assert_eq!(
            quiet,
            json!({ "result": "OK", "diagnostics": [], "truncated": false })
        );
        let loud = Value::from(report(&findings, Severity::Warning, 100));
        assert_eq!(
            loud["diagnostics"],
            json!([{ "severity": "WARNING", "code": "CODE", "message": "m", "location": "/States/A" }])
        );
    }

    #[test]
    fn more_findings_than_asked_for_are_cut_off() {
        let findings = [finding(Severity::Error, ""), finding(Severity::Error, "/")];
        let cut = Value::from(report(&findings, Severity::Error, 1));
        assert_eq!(
            cut,
            json!({
                "result": "FAIL",
                "diagnostics": [{ "severity": "ERROR", "code": "CODE", "message": "m" }],
                "truncated": true
            })
        );
    }
}
