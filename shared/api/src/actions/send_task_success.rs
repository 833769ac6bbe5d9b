//! SendTaskSuccess.

use crate::constraints::{TASK_TOKEN, Text};
use crate::error::{Error, Exception};
use crate::executions::check_json;
use crate::wire::Answer;
use crate::{Call, members};
use driver::TaskAnswer;
use engine::TaskToken;

pub(crate) async fn answer(call: &Call<'_>) -> Result<Answer, Error> {
    let most = call.driver.limits().payload_bytes;
    let (token, output) = members::read(call.body, |members| {
        Ok((
            members.required_text("taskToken", &TASK_TOKEN)?,
            members.required_text("output", &Text::payload(most))?,
        ))
    })?;
    let token = parse_token(&token)?;
    check_json(&output)
        .map_err(|why| Error::new(Exception::InvalidOutput, format!("Invalid Output: '{why}'")))?;
    taken(call.driver.task_succeeded(&token, output).await?)
}

/// Reads a task token.
pub(super) fn parse_token(text: &str) -> Result<TaskToken, Error> {
    TaskToken::parse(text).ok_or_else(Error::invalid_token)
}

/// Returns the answer to a report on a task.
pub(super) fn taken(answer: TaskAnswer) -> Result<Answer, Error> {
    let gone = "Provided task does not exist anymore";
    match answer {
        TaskAnswer::Accepted => Ok(Answer::default()),
        TaskAnswer::DoesNotExist => Err(Error::new(
            Exception::TaskDoesNotExist,
            format!("Task Does Not Exist: '{gone}'"),
        )),
        TaskAnswer::TimedOut => Err(Error::new(
            Exception::TaskTimedOut,
            format!("Task Timed Out: '{gone}'"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_that_no_execution_issued_are_refused() {
        for text in ["", "x", "AAAA", "ünicode"] {
            assert_eq!(
                parse_token(text).unwrap_err().exception,
                Exception::InvalidToken,
                "{text}"
            );
        }
    }

    #[test]
    fn late_reports_are_refused_in_the_words_of_aws() {
        let message = taken(TaskAnswer::TimedOut).unwrap_err().message;
        assert_eq!(message, "Task Timed Out: 'Provided task does not exist anymore'");
        assert!(taken(TaskAnswer::Accepted).is_ok());
    }
}
