use super::*;
use crate::engine::{Noise, Source};
use crate::overlay::testing::{Bench, End, Walked};

#[test]
fn explore() {
    for (k, alpha) in [(8, 3), (20, 3), (8, 1), (20, 1)] {
        let config = Config { k, alpha, refresh: Duration::from_secs(86_400 * 365), ..Config::default() };
        let mut bench: Bench<Kademlia> = Bench::new(config, 10_000, 1);
        bench.start_converged();
        let mut noise = Noise::new(2);
        let (mut hops, mut rpcs, mut rounds, mut wrong) = (0, 0, 0.0, 0);
        let n = 5000;
        for _ in 0..n {
            let from = NodeId(noise.below(10_000) as u32);
            let target = Key(noise.next_u64());
            let walked = bench.walk(from, target, None, 1);
            let End::Found(found) = &walked.end else { panic!() };
            let best = (0..10_000).min_by_key(|&i| bench.keys[i].0 ^ target.0).unwrap();
            wrong += u32::from(best != found[0].node.index());
            hops += u32::from(found[0].hops);
            rpcs += walked.rpcs;
            rounds += walked.took.as_secs_f64() / 0.1;
        }
        let n = f64::from(n);
        println!(
            "{k} {alpha} hops {} rpcs {} rounds {} wrong {wrong} lists {}",
            f64::from(hops) / n,
            f64::from(rpcs) / n,
            rounds / n,
            bench.lists.in_use()
        );
    }
}
