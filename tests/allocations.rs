//! In the steady state an event allocates nothing, and a file of delays is read in the memory of the matrix.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use peerlab::network::{Format, Holds, Matrix, Unit};
use peerlab::registry::Registry;
use peerlab::run::Wanted;
use peerlab::scenario::Scenario;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<i64> = const { Cell::new(0) };
    static MOST_BYTES: Cell<i64> = const { Cell::new(0) };
}

/// The system's allocator, with a count of what the own thread has asked it for, and of the bytes that it holds.
struct Counting;

fn count(bytes: usize) {
    ALLOCATIONS.set(ALLOCATIONS.get() + 1);
    BYTES.set(BYTES.get() + bytes as i64);
    MOST_BYTES.set(MOST_BYTES.get().max(BYTES.get()));
}

fn discount(bytes: usize) {
    BYTES.set(BYTES.get() - bytes as i64);
}

// SAFETY: everything is passed on to the system's allocator as it came.
#[allow(unsafe_code, reason = "an allocator cannot be written otherwise")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        discount(layout.size());
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // While it is moved there are both.
        count(size);
        discount(layout.size());
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Events and allocations of a run that measures for so many virtual seconds.
fn run(protocol: &str, measure: u32) -> (u64, u64) {
    let text = format!(
        "title = \"allocations\"\n[time]\nwarmup = \"300s\"\nmeasure = \"{measure}s\"\nsample = \"1800s\"\n[population]\n\
         online = 300\n[network.latency.plane]\nwidth = \"150ms\"\n[workload]\nlookup = {{ every = \"30s\" }}\n\
         [systems.it.{protocol}]\n{}",
        // A question to the bootstrap service every ten minutes is no event of a ring at rest.
        if protocol == "chord" { "merge = false\n" } else { "" }
    );
    let registry = Registry::standard();
    let scenario = Scenario::parse("allocations.toml".into(), ".".into(), text, &[]).expect("the scenario is right");
    let run = &scenario.runs(registry.registered()).expect("the scenario is right").runs[0];
    let entry = registry.find(protocol).expect("the protocol is registered");
    let before = ALLOCATIONS.get();
    let outcome = (entry.simulate)(&run.plan, run.system(), run.seed, Wanted::default(), None, &|_, _| true);
    (outcome.expect("nobody interrupts it").timing.events, ALLOCATIONS.get() - before)
}

/// What is left are vectors that grow to the most they ever hold: the more rarely, the longer a run lasts.
fn assert_no_allocation_per_event(protocol: &str) {
    let (short, long) = (run(protocol, 1800), run(protocol, 3600));
    let (events, allocations) = (long.0 - short.0, long.1.saturating_sub(short.1));
    assert!(events > 100_000, "{events} events are no steady state");
    assert!(allocations * 2000 < events, "{protocol}: {allocations} allocations in {events} events");
}

#[test]
fn a_chord_ring_at_rest_allocates_nothing_per_event() {
    assert_no_allocation_per_event("chord");
}

#[test]
fn kademlia_nodes_at_rest_allocate_nothing_per_event() {
    assert_no_allocation_per_event("kademlia");
}

#[test]
fn a_file_of_delays_is_read_in_at_most_twice_the_memory_of_the_matrix() {
    let home = tempfile::tempdir().expect("there is room for a file");
    let file = home.path().join("m.txt");
    let row = |a: u32| (0..1_000).map(|b| format!("{}.5 ", a.abs_diff(b))).collect::<String>() + "\n";
    let square: String = (0..1_000).map(row).collect();
    let list: String = (0..1_000).flat_map(|a| (0..a).map(move |b| format!("{b} {a} {}.5\n", a - b))).collect();
    for text in [square, list] {
        std::fs::write(&file, text).expect("there is room for a file");
        let before = BYTES.get();
        MOST_BYTES.set(before);
        let matrix = Matrix::load(&file, Format::new(Holds::Rtt, Unit::Ms)).expect("the file is right");
        let (most, kept) = (MOST_BYTES.get() - before, matrix.heap_bytes() as i64);
        assert!(kept == 4_000_000 && most <= 2 * kept, "{most} bytes for {kept}");
        matrix.quantiles().expect("there are pairs");
        assert!(MOST_BYTES.get() - before <= 2 * kept);
    }
}
