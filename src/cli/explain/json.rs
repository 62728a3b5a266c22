//! The answers for programs: the statements in question, and the cases that judge them.

use mqttspec_spec::{Catalogue, Statement};
use serde_json::{Map, Value, json};

use super::entry::Entry;
use super::listed::{self, Listed};
use super::question::Question;

/// One object with `statements` and `cases`, each once and in document order; everything when
/// nothing was asked.
///
/// A case brings the statements it judges, and a statement the cases that judge it. Files are
/// those of the build, never those of a checkout, so that the answer depends on the program alone.
pub(super) fn answers(questions: &[Question]) -> String {
    let everything = questions.is_empty();
    let statements: Vec<_> = Catalogue::embedded()
        .statements()
        .iter()
        .filter(|statement| everything || questions.iter().any(|q| brings(q, statement)))
        .map(|statement| entry_value(&Entry::gather(statement, None)))
        .collect();
    let cases: Vec<_> = listed::all()
        .filter(|case| everything || questions.iter().any(|q| brings_case(q, case)))
        .map(|case| case_value(&case))
        .collect();
    let answer = json!({ "statements": statements, "cases": cases });
    format!("{answer:#}\n")
}

fn brings(question: &Question, statement: &Statement) -> bool {
    match question {
        Question::Statement(other) => other.id == statement.id,
        Question::Section(heading) => heading.number.contains(statement.section),
        Question::Cases(cases) => cases.iter().any(|case| judges(case, statement)),
    }
}

fn brings_case(question: &Question, case: &Listed) -> bool {
    match question {
        Question::Statement(statement) => judges(case, statement),
        Question::Section(heading) => Catalogue::embedded()
            .section(&heading.number.to_string())
            .any(|statement| judges(case, statement)),
        Question::Cases(cases) => cases.iter().any(|other| other.address == case.address),
    }
}

fn judges(case: &Listed, statement: &Statement) -> bool {
    case.statements.contains(&statement.id.to_string().as_str())
}

fn entry_value(entry: &Entry<'_>) -> Value {
    let statement = entry.statement;
    let gaps: Map<_, _> =
        entry.gaps().into_iter().map(|(kind, reason)| (kind.to_owned(), json!(reason))).collect();
    json!({
        "id": statement.id.to_string(),
        "section": statement.section.to_string(),
        "title": entry.title,
        "level": statement.level.as_str(),
        "binds": statement.binds.as_str(),
        "text": statement.text,
        "reading": statement.reading,
        "reason": statement.reason,
        "shown_by": statement.shown_by.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
        "gaps": gaps,
        "implemented": entry.implemented.iter().map(|place| &place.path).collect::<Vec<_>>(),
        "tests": entry.tests,
        "cases": entry.cases.iter().map(|case| case.address).collect::<Vec<_>>(),
    })
}

fn case_value(case: &Listed) -> Value {
    json!({
        "address": case.address,
        "judges": case.judges,
        "title": case.title,
        "level": case.level,
        "statements": case.statements,
        "needs": case.needs,
    })
}

#[cfg(test)]
mod tests {
    use super::super::question;
    use super::*;

    fn answer(questions: &[&str]) -> Value {
        let questions: Vec<_> =
            questions.iter().map(|text| question::read(text).unwrap()).collect();
        serde_json::from_str(&answers(&questions)).unwrap()
    }

    fn ids(answer: &Value) -> Vec<&str> {
        let statements = answer["statements"].as_array().unwrap();
        statements.iter().map(|statement| statement["id"].as_str().unwrap()).collect()
    }

    #[test]
    fn a_statement_comes_once_with_its_cases() {
        let answer = answer(&["MQTT-3.1.0-2", "3.1.0-2"]);
        assert_eq!(ids(&answer), ["MQTT-3.1.0-2"]);
        assert_eq!(answer["statements"][0]["binds"], "server");
        let cases = answer["cases"].as_array().unwrap();
        assert!(!cases.is_empty());
        assert!(cases.iter().all(|case| case["title"].is_string()));
    }

    #[test]
    fn a_case_comes_alone_with_its_statements() {
        let answer = answer(&["connect/second-connect-closes"]);
        assert!(ids(&answer).contains(&"MQTT-3.1.0-2"));
        assert_eq!(answer["cases"].as_array().unwrap().len(), 1);
        assert_eq!(answer["cases"][0]["address"], "connect/second-connect-closes");
    }

    #[test]
    fn without_a_question_it_is_everything() {
        let answer = answer(&[]);
        assert_eq!(ids(&answer).len(), Catalogue::embedded().statements().len());
        assert_eq!(answer["cases"].as_array().unwrap().len(), listed::all().count());
    }
}
