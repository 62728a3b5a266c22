# Every check that CI runs, by name. `just` alone lists them.

default:
    @just --list

# All that CI does, in its order
ci:
    bash .ci/run

# One step of CI: format, clippy, recipes, readers, test, features, docs, fuzz, miri, deny, judge, decoders, peers, mosquitto, browser
step NAME:
    bash .ci/run {{NAME}}

# Judge the built-in reference broker
judge *ARGS:
    cargo run --release -- test {{ARGS}}

# Write what is generated anew: docs/traceability, fixtures
bless:
    MQTTSPEC_BLESS=1 cargo test -p mqttspec-conformance --test traceability --test fixtures

# Topics and codec, with their peers beside them
bench *ARGS:
    cargo bench --bench topics --bench codec -- {{ARGS}}

# The whole broker and its clients from so many seeds, one thread and a made-up clock each
simulate SEEDS="10000":
    MQTTSPEC_SEEDS={{SEEDS}} cargo test --release --test simulation guarantees -- --nocapture

# Thousands of slow, many and greedy clients, while a bystander is served
siege:
    MQTTSPEC_SIEGE=1 cargo test --release --test siege -- --nocapture --test-threads 1

# Fuzz every target for so many minutes (needs nightly and cargo-fuzz)
fuzz MINUTES:
    for target in $(cargo +nightly fuzz list); do cargo +nightly fuzz run "$target" -- -max_total_time=$(({{MINUTES}} * 60)) || exit 1; done

# Break one line of a part at a time (topic, session, packet, broker, client, store), and see whether its unit tests notice (needs cargo-mutants)
mutants PART *ARGS:
    cargo mutants --file 'src/{{PART}}/**' --output target/mutants-{{PART}} {{ARGS}} -- {{PART}}::

# The unit tests of codec, topics and Sessions under miri (needs rustup; installs nightly and miri)
miri:
    bash .ci/run miri

# How much of the core its unit tests reach, by file (needs cargo-llvm-cov)
coverage *ARGS:
    cargo llvm-cov --no-default-features --features store-redb --lib --ignore-filename-regex '(tests|conformance|spec|fixtures|passwords)' {{ARGS}}

# How much of the judge is reached by its own tests and by those that judge (needs cargo-llvm-cov); brokers that are killed leave profiles that cannot be read
coverage-judge *ARGS:
    cargo llvm-cov clean --workspace
    cargo llvm-cov --no-report -p mqttspec-conformance
    cargo llvm-cov --no-report -p mqttspec --test broker_torture --test judge --test judge_client --test judgements --test kill_matrix --test replay --test replay_client --test reports --test texts --test torture
    find target/llvm-cov-target -maxdepth 1 -name '*.profraw' -size 0 -delete
    cargo llvm-cov report --failure-mode all -p mqttspec-conformance {{ARGS}}
