use super::*;

#[test]
fn a_command_must_name_the_port() {
    let error = Subject::spawn("true").unwrap_err();
    assert!(matches!(error, SubjectError::CommandLine(_)), "{error}");
}

#[test]
fn a_program_that_does_not_exist_is_named() {
    let error = Subject::spawn("/nonexistent/broker {port}").unwrap_err();
    assert_eq!(error.to_string(), "cannot start /nonexistent/broker");
}

#[test]
fn a_program_that_ends_leaves_its_last_words() {
    let command = "sh -c 'echo no such option >&2; exit 3' {port}";
    let error = Subject::spawn(command).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the broker did not get ready: it ended with exit status 3\n\
         it printed:\nno such option"
    );
}

#[test]
fn a_program_that_goes_to_the_background_is_told_to_stay() {
    let error = Subject::spawn("true {port}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the broker did not get ready: it ended with exit status 0, and has to stay in the \
         foreground"
    );
}

#[test]
fn a_program_that_never_answers_is_stopped() {
    let error = Subject::spawn(Launch::new("sleep 600{port}").ready_within(0)).unwrap_err();
    assert!(error.to_string().contains("no answer to a CONNECT"), "{error}");
}

#[test]
fn what_goes_before_has_to_succeed() {
    let mut launch = Launch::new("sleep 600{port}").ready_within(0);
    launch.before.push("sh -c 'echo no such tool; exit 5'".to_owned());
    let error = Subject::spawn(launch).unwrap_err();
    assert_eq!(
        error.to_string(),
        "sh -c 'echo no such tool; exit 5' ended with exit status: 5\nit printed:\nno such tool"
    );
}
