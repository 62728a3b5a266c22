//! Topic Filters as sets of Topic Names: whether two have a name in common, whether one holds all
//! of another.
//!
//! That is what rules about filters ask, before any message is there to be matched.
//!
//! Clauses: [MQTT-4.7.2-1], [MQTT-4.7.3-1], §4.7.1.2. Not here: matching one name.

use super::TopicFilter;

impl TopicFilter {
    /// Whether there is a Topic Name that both filters match.
    ///
    /// # Examples
    ///
    /// ```
    /// use mqttspec::topic::TopicFilter;
    ///
    /// let overlap = |one: &str, other: &str| {
    ///     TopicFilter::new(one).unwrap().overlaps(&TopicFilter::new(other).unwrap())
    /// };
    /// assert!(overlap("a/+", "+/b"));
    /// assert!(overlap("a/#", "a"));
    /// assert!(!overlap("#", "$SYS/uptime"));
    /// ```
    pub fn overlaps(&self, other: &Self) -> bool {
        if self.misses_reserved(other) || other.misses_reserved(self) {
            return false;
        }
        // [MQTT-4.7.3-1] All that these two have in common is a name without a character.
        if [(self, other), (other, self)]
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .contains(&("+", "/#"))
        {
            return false;
        }
        let (mut ours, mut theirs) = (self.levels(), other.levels());
        loop {
            match (ours.next(), theirs.next()) {
                // `#` takes what is left on the other side, also nothing; every filter has a name.
                (None, None) | (Some("#"), _) | (_, Some("#")) => return true,
                (Some(ours), Some(theirs)) if ours == theirs || ours == "+" || theirs == "+" => {}
                _ => return false,
            }
        }
    }

    /// Whether this filter matches every Topic Name that `other` matches.
    ///
    /// A yes is always right. So is a no, but where `other` is `#` or `/#` and this filter asks for
    /// a level more, which every name has: `+/#`, `/+/#`, `+/+/#`.
    ///
    /// # Examples
    ///
    /// ```
    /// use mqttspec::topic::TopicFilter;
    ///
    /// let cover = |one: &str, other: &str| {
    ///     TopicFilter::new(one).unwrap().covers(&TopicFilter::new(other).unwrap())
    /// };
    /// assert!(cover("a/#", "a/+/c"));
    /// assert!(!cover("a/+", "a/#"));
    /// assert!(!cover("#", "$SYS/#"));
    /// ```
    pub fn covers(&self, other: &Self) -> bool {
        if self.misses_reserved(other) {
            return false;
        }
        let (mut ours, mut theirs) = (self.levels(), other.levels());
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) | (Some("#"), _) => return true,
                (_, Some("#")) | (None, _) | (_, None) => return false,
                (Some("+"), _) => {}
                (Some(ours), Some(theirs)) if ours == theirs => {}
                _ => return false,
            }
        }
    }

    /// Whether `other` matches only names that begin with `$`, and this filter none of them.
    fn misses_reserved(&self, other: &Self) -> bool {
        // [MQTT-4.7.2-1] A wildcard in front passes the server's own topics by.
        self.as_str().starts_with(['+', '#']) && other.as_str().starts_with('$')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topic::TopicName;

    /// Every text of one to `depth` of these levels.
    fn texts(levels: &[&str], depth: usize) -> Vec<String> {
        let mut all: Vec<String> = levels.iter().map(|&level| level.to_owned()).collect();
        let mut longest = all.clone();
        for _ in 1..depth {
            longest = longest
                .iter()
                .flat_map(|text| levels.iter().map(move |level| format!("{text}/{level}")))
                .collect();
            all.extend_from_slice(&longest);
        }
        all
    }

    #[test]
    fn both_agree_with_the_names_that_match() {
        // MQTT-4.7.2-1
        let names: Vec<_> = texts(&["", "a", "$", "other"], 4)
            .into_iter()
            .filter_map(|text| TopicName::new(text).ok())
            .collect();
        let filters: Vec<_> = texts(&["", "a", "$", "+", "#"], 3)
            .into_iter()
            .filter_map(|text| TopicFilter::new(text).ok())
            .collect();
        let reached: Vec<Vec<bool>> = filters
            .iter()
            .map(|filter| names.iter().map(|name| filter.matches(name)).collect())
            .collect();
        for (one, ours) in filters.iter().zip(&reached) {
            for (other, theirs) in filters.iter().zip(&reached) {
                let both = || ours.iter().zip(theirs);
                let overlaps = both().any(|(ours, theirs)| *ours && *theirs);
                assert_eq!(one.overlaps(other), overlaps, "{one} and {other}");
                let covers = both().all(|(ours, theirs)| *ours || !*theirs);
                let same = [("+/#", "#"), ("/+/#", "/#"), ("+/+/#", "/#")];
                let respelled = same.contains(&(one.as_str(), other.as_str()));
                assert_eq!(one.covers(other), covers && !respelled, "{one} over {other}");
            }
        }
        assert!(filters.len() > 100 && names.len() > 300);
    }
}
