//! What a lookup by topic costs: by subscriptions, by levels, by subscribers of one filter.
//!
//! `tree` is ours; `peer` is the tree that most brokers have, a map of maps with recursion. The
//! subscriptions are on four levels: 5 % with `+` inside, 5 % with `+` first, 5 % with `#` last.
//! A Topic Name that is looked up reaches two or so.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up should stop")]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mqttspec::topic::{SubscriptionTree, TopicFilter, TopicMap, TopicName};

const SUBSCRIPTIONS: [u32; 3] = [10, 10_000, 1_000_000];

criterion_group! {
    name = topics;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = by_subscriptions, by_levels, by_subscribers, coming_and_going, retained
}
criterion_main!(topics);

/// The cost of a Topic Name should not follow the number of subscriptions.
fn by_subscriptions(c: &mut Criterion) {
    let mut group = c.benchmark_group("match/subscriptions");
    for count in SUBSCRIPTIONS {
        let workload = Workload::new(count);
        let mut tree = SubscriptionTree::new();
        let mut peer = Peer::default();
        for (key, filter) in (0..).zip(&workload.filters) {
            tree.insert(filter, key, 0_u8);
            peer.insert(filter.as_str(), key, 0);
        }
        let mut names = workload.names.iter().cycle();
        group.bench_function(BenchmarkId::new("tree", count), |b| {
            b.iter(|| tree_reaches(&tree, names.next().unwrap()));
        });
        group.bench_function(BenchmarkId::new("peer", count), |b| {
            b.iter(|| peer_reaches(&peer, names.next().unwrap()));
        });
    }
}

/// It should follow the levels of the name.
fn by_levels(c: &mut Criterion) {
    let mut group = c.benchmark_group("match/levels");
    for levels in [1, 4, 16, 64] {
        let text = vec!["level"; levels].join("/");
        let name = TopicName::new(text.clone()).unwrap();
        let mut tree = SubscriptionTree::new();
        let mut peer = Peer::default();
        for (key, filter) in [(0, text.clone()), (1, format!("{text}/#"))] {
            tree.insert(&TopicFilter::new(filter.clone()).unwrap(), key, 0);
            peer.insert(&filter, key, 0);
        }
        group.bench_function(BenchmarkId::new("tree", levels), |b| {
            b.iter(|| tree_reaches(&tree, black_box(&name)));
        });
        group.bench_function(BenchmarkId::new("peer", levels), |b| {
            b.iter(|| peer_reaches(&peer, black_box(&name)));
        });
    }
}

/// One filter, many subscribers; the throughput says how many a second are visited.
fn by_subscribers(c: &mut Criterion) {
    const SUBSCRIBERS: u32 = 100_000;
    let filter = TopicFilter::new("stadium/score").unwrap();
    let name = TopicName::new("stadium/score").unwrap();
    let mut tree = SubscriptionTree::new();
    for key in 0..SUBSCRIBERS {
        tree.insert(&filter, key, 0_u8);
    }
    let mut group = c.benchmark_group("match/subscribers");
    group.throughput(Throughput::Elements(SUBSCRIBERS.into()));
    group.bench_function("tree/100000", |b| b.iter(|| tree_reaches(&tree, black_box(&name))));
    group.finish();

    c.bench_function("insert and remove/subscribers/100000", |b| {
        b.iter(|| {
            tree.insert(&filter, SUBSCRIBERS, 0);
            tree.remove(&filter, &SUBSCRIBERS)
        });
    });
}

/// A subscription that comes and goes, among many that stay.
fn coming_and_going(c: &mut Criterion) {
    let mut group = c.benchmark_group("insert and remove/subscriptions");
    for count in SUBSCRIPTIONS {
        let workload = Workload::new(count);
        let mut tree = workload.tree();
        let mut filters = workload.filters.iter().cycle();
        group.bench_function(BenchmarkId::new("tree", count), |b| {
            b.iter(|| {
                let filter = filters.next().unwrap();
                tree.insert(filter, u32::MAX, 0);
                tree.remove(filter, &u32::MAX)
            });
        });
    }
    group.finish();

    let workload = Workload::new(100_000);
    let mut group = c.benchmark_group("whole tree");
    group.throughput(Throughput::Elements(100_000)).sample_size(10);
    group.bench_function("build/100000", |b| {
        b.iter_batched(|| (), |()| workload.tree(), BatchSize::PerIteration);
    });
    let tree = workload.tree();
    group.bench_function("clone/100000", |b| {
        b.iter_batched(|| (), |()| tree.clone(), BatchSize::PerIteration);
    });
}

/// Retained messages, by what a filter reaches.
fn retained(c: &mut Criterion) {
    let mut group = c.benchmark_group("retained");
    for count in SUBSCRIPTIONS {
        let mut map = TopicMap::new();
        for number in 0..count {
            let (device, value) = (number / 10, number % 10);
            let text = format!("site-{}/device-{device}/value-{value}", device % 10);
            map.insert(TopicName::new(text).unwrap(), number);
        }
        let mut bench = |reach: &str, filter: String| {
            let filter = TopicFilter::new(filter).unwrap();
            let mut matches = 0;
            map.for_each_match(&filter, |_, _| matches += 1);
            group.throughput(Throughput::Elements(matches));
            group.bench_function(BenchmarkId::new(reach, count), |b| {
                b.iter(|| {
                    let mut sum = 0;
                    map.for_each_match(black_box(&filter), |_, value| sum += u64::from(*value));
                    sum
                });
            });
        };
        let device = count / 20;
        let site = device % 10;
        bench("one name", format!("site-{site}/device-{device}/value-3"));
        bench("one device by +", format!("site-{site}/device-{device}/+"));
        bench("one device by #", format!("site-{site}/device-{device}/#"));
        bench("one value of each device", "+/+/value-3".to_owned());
    }
}

/// Filters that subscriptions have, and names that are published.
struct Workload {
    filters: Vec<TopicFilter>,
    names: Vec<TopicName>,
}

impl Workload {
    fn new(subscriptions: u32) -> Self {
        // Twice as many names as subscriptions, so that a name has half an exact one by chance,
        // and one because it is taken from a filter.
        let devices = (subscriptions / 200).max(1);
        let mut random = Random(subscriptions.into());
        let mut filters = Vec::new();
        let mut names = Vec::new();
        for _ in 0..subscriptions {
            let site = format!("site-{}", random.below(10));
            let area = format!("area-{}", random.below(8));
            let device = format!("device-{:06}", random.below(devices));
            let metric = format!("metric-{}", random.below(5));
            names.push(TopicName::new(format!("{site}/{area}/{device}/{metric}")).unwrap());
            let filter = match random.below(20) {
                0 => format!("{site}/+/{device}/{metric}"),
                1 => format!("+/{area}/{device}/{metric}"),
                2 => format!("{site}/{area}/{device}/#"),
                _ => format!("{site}/{area}/{device}/{metric}"),
            };
            filters.push(TopicFilter::new(filter).unwrap());
        }
        names.truncate(100_000);
        Self { filters, names }
    }

    fn tree(&self) -> SubscriptionTree<u32, u8> {
        let mut tree = SubscriptionTree::new();
        for (key, filter) in (0..).zip(&self.filters) {
            tree.insert(filter, key, 0);
        }
        tree
    }
}

/// SplitMix64: the same workload in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % u64::from(bound)
    }
}

/// A node of the usual tree.
#[derive(Default)]
struct Peer {
    children: HashMap<String, Self>,
    subscribers: Vec<(u32, u8)>,
}

impl Peer {
    fn insert(&mut self, filter: &str, key: u32, value: u8) {
        let mut node = self;
        for level in filter.split('/') {
            node = node.children.entry(level.to_owned()).or_default();
        }
        node.subscribers.push((key, value));
    }

    fn for_each_match(&self, levels: &[&str], visit: &mut impl FnMut(u32, u8)) {
        let mut visit_all = |node: &Self| node.subscribers.iter().for_each(|(k, v)| visit(*k, *v));
        if let Some(all) = self.children.get("#") {
            visit_all(all);
        }
        let Some((level, rest)) = levels.split_first() else {
            return visit_all(self);
        };
        for child in [self.children.get(*level), self.children.get("+")].into_iter().flatten() {
            child.for_each_match(rest, visit);
        }
    }
}

fn tree_reaches(tree: &SubscriptionTree<u32, u8>, name: &TopicName) -> u64 {
    let mut sum = 0;
    tree.for_each_match(name, |key, value| sum += u64::from(*key) + u64::from(*value));
    sum
}

fn peer_reaches(peer: &Peer, name: &TopicName) -> u64 {
    let mut sum = 0;
    let levels: Vec<&str> = name.levels().collect();
    peer.for_each_match(&levels, &mut |key, value| sum += u64::from(key) + u64::from(value));
    sum
}
