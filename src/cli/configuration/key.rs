//! One option, as its flag describes it.

use std::any::TypeId;

use clap::{Arg, ArgAction, Command, value_parser};

use super::{is_about_options, key_name, variable};

/// One option of a subcommand.
#[derive(Clone, Copy)]
pub(super) struct Key<'a>(&'a Arg);

/// How a value is written in the file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// `true` or `false`.
    Switch,
    /// Digits.
    Number,
    /// All else, in quotes.
    Text,
}

/// The options of `command`, in the order of its help.
pub(super) fn keys(command: &Command) -> impl Iterator<Item = Key<'_>> {
    let is_option = |argument: &&Arg| {
        let id = argument.get_id().as_str();
        argument.get_long().is_some() && !is_about_options(id) && !["help", "version"].contains(&id)
    };
    command.get_arguments().filter(|argument| !argument.is_global_set()).filter(is_option).map(Key)
}

/// The same subcommand, taking its options also from the environment, and switches with a value,
/// so that what one place turns on another can turn off.
pub(in crate::cli) fn prepared(command: Command) -> Command {
    // The file comes first on the command line; what was really given there replaces it.
    command.args_override_self(true).mut_args(|argument| {
        let Some(long) = argument.get_long().map(str::to_owned) else { return argument };
        let mut argument = argument;
        if !is_about_options(argument.get_id().as_str()) {
            argument = match argument.get_action() {
                ArgAction::SetTrue => argument
                    .action(ArgAction::Set)
                    .value_parser(value_parser!(bool))
                    .value_name("BOOL")
                    .num_args(0..=1)
                    .require_equals(true)
                    .default_missing_value("true")
                    .default_value("false")
                    .hide_default_value(true)
                    .hide_possible_values(true),
                // A variable has room for one text.
                ArgAction::Append => argument.value_delimiter(','),
                _ => argument,
            };
        }
        match argument.get_id().as_str() {
            super::PRINT_CONFIG | super::CHECK_CONFIG => argument,
            _ => argument.env(variable(&long)).hide_env(true),
        }
    })
}

impl<'a> Key<'a> {
    /// How it is named in the file.
    pub(super) fn name(self) -> String {
        key_name(self.long())
    }

    /// How it is named on the command line, without the dashes.
    pub(super) fn long(self) -> &'a str {
        self.0.get_long().expect("only arguments with a long name are options")
    }

    /// How clap names it.
    pub(super) fn id(self) -> &'a str {
        self.0.get_id().as_str()
    }

    /// How its values are written.
    pub(super) fn kind(self) -> Kind {
        let parser = self.0.get_value_parser();
        let is = |types: &[TypeId]| types.iter().any(|this| parser.type_id() == *this);
        if is(&[TypeId::of::<bool>()]) {
            return Kind::Switch;
        }
        let numbers =
            [TypeId::of::<u16>(), TypeId::of::<u32>(), TypeId::of::<u64>(), TypeId::of::<usize>()];
        if is(&numbers) { Kind::Number } else { Kind::Text }
    }

    /// Whether it may have several values.
    pub(super) fn has_many(self) -> bool {
        matches!(self.0.get_action(), ArgAction::Append)
    }

    /// What it means, as the help says it.
    pub(super) fn meaning(self) -> String {
        self.0.get_help().map(ToString::to_string).unwrap_or_default()
    }

    /// Under which heading the help has it.
    pub(super) fn heading(self) -> Option<&'a str> {
        self.0.get_help_heading()
    }

    /// What stands for its value in the help.
    pub(super) fn placeholder(self) -> String {
        self.0
            .get_value_names()
            .and_then(|names| names.first())
            .map_or_else(|| "VALUE".to_owned(), |name| name.to_string())
    }

    /// The values it may have, where there are few.
    pub(super) fn choices(self) -> Vec<String> {
        if self.kind() == Kind::Switch {
            return Vec::new();
        }
        let values = self.0.get_possible_values();
        values.iter().map(|value| value.get_name().to_owned()).collect()
    }
}
