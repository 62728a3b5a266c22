//! Users: one with all rights, and one whose rights end somewhere.

use serde::Deserialize;

/// User Name and Password of a Client.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Credentials {
    /// The User Name.
    pub username: String,
    /// The Password; `None` sends none.
    pub password: Option<String>,
    /// Whether the broker turns away who gives a wrong password, or no credentials at all. By
    /// default it does where there is a password.
    pub checked: Option<bool>,
}

impl Credentials {
    /// Whether the broker turns away who gives others, or none.
    pub(crate) fn are_checked(&self) -> bool {
        self.checked.unwrap_or(self.password.is_some())
    }
}

/// A Client with fewer rights than the judge's others.
///
/// It may publish and subscribe to what its Topic Names and Filters the judge takes for itself,
/// `mqttspec/#`, and to nothing below the two levels named here.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Access {
    /// The User Name.
    pub username: String,
    /// The Password.
    pub password: Option<String>,
    /// Below this level, such as `forbidden`, it may not publish. All other users may do so and may
    /// subscribe.
    pub may_not_publish: String,
    /// Below this level it may not subscribe. All other users may do so and may publish.
    pub may_not_subscribe: String,
}
