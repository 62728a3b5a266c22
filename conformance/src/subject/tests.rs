use super::*;

#[test]
fn a_command_must_name_the_port() {
    let error = Subject::spawn("true", Duration::ZERO).unwrap_err();
    assert!(matches!(error, SubjectError::CommandLine(_)), "{error}");
}

#[test]
fn a_program_that_does_not_exist_is_named() {
    let error = Subject::spawn("/nonexistent/broker {port}", Duration::ZERO).unwrap_err();
    assert_eq!(error.to_string(), "cannot start /nonexistent/broker");
}

#[test]
fn a_program_that_ends_leaves_its_last_words() {
    let command = "sh -c 'echo no such option >&2; exit 3' {port}";
    let error = Subject::spawn(command, Duration::from_secs(10)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the broker did not get ready: it ended with exit status 3\n\
         it printed:\nno such option"
    );
}

#[test]
fn a_program_that_never_answers_is_stopped() {
    let error = Subject::spawn("sleep 600{port}", Duration::from_millis(50)).unwrap_err();
    assert!(error.to_string().contains("no answer to a CONNECT"), "{error}");
}
