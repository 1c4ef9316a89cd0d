use super::*;

#[test]
fn print() {
    for (text, sets) in [
        (
            "seed = 1\nsed = 2\n[population]\nonlin = 5\n[population.churn]\npreset=\"kd\"\n[network]\nlos = 0.1\n[network.latency.plan]\nwidth=\"1ms\"\n[systems.a.kademila]\nk=3\n[systems.b.ring]\nkk=3",
            &[][..],
        ),
        (
            "population.online=5\ntime.warmup = \"2\"\n[network]\nloss=1.5\njitter=-0.1\n[storage]\nreplicas=0\n[workload]\nget.every=\"1min\"\n[systems.a.ring]\nrefresh=5\n[systems.b.ring]\nk=0\n[systems.c.ring]\nk=99\n[systems.d]\n[systems.e.ring]\n[systems.e.kademlia]\n[[events]]\ncrash={at=\"1h\",share=2}\n[[events]]\ncrash={at=\"100h\",share=0.2}",
            &[],
        ),
        (
            "[population]\nonline=5\nparticipants=10\n[population.churn]\npreset=\"kad\"\nsession.exponential={mean=\"1h\"}\n[systems.a.ring]\n[network]\nlatency.constant=\"1ms\"\nlatency.plane={width=\"2ms\"}",
            &[],
        ),
        (
            "[population]\nonline=5\n[population.churn]\nsession.pareto={shape=1,scale=\"1h\"}\ndowntime.exponential={mean=\"1h\"}\n[systems.a.ring]\n[network.latency.matrix]\nfile=\"nowhere.csv\"\nholds=\"rtt\"\nunit=\"ms\"",
            &[],
        ),
        (
            "[population]\nonline=5\n[population.churn]\nsession.parto={shape=1,scale=\"1h\"}\n[systems.a.ring]\ntraversal=1\n[systems.a.traversal]\n[network.nat]\nshares=1\n[resources]\ncount=1\nsize=\"1MiB\"\n[storage]\npieces=3",
            &[],
        ),
        (SHORT, &["network.los=0.1", "network.loss=2", "network.jitter"]),
        (
            SHORT,
            &[
                "network.los=0.1",
                "network.loss=2",
                "systems.a.ring.l=7",
                "systems.a.ring.refresh=4",
                "network.access.uplink=10Mb",
            ],
        ),
        (SHORT, &["systems.b.ring.k=0.1"]),
        ("a = \n", &[]),
        ("", &[]),
        (
            "population.online=5\nsystems.a.ring={}\n[sweep.axes]\n\"network.los\"=[1,2]\n\"network.loss\"=[0.5,2]\n\"systems.b.ring.k\"=[1]",
            &[],
        ),
        (
            "population.online=5\nsystems.a.ring={}\n[sweep.axes]\n\"network.los\"=[1,2]\n\"network.loss\"=[0.5,2]\n\"systems.a.ring.k\"=[1,0]",
            &[],
        ),
        (
            "population.online=5\nsystems.a.ring={}\n[sweep.axes]\n\"network..los\"=[1,2]\n\"network.loss\"=[0.5,0.5]\n\"systems.a.ring.k\"=[]\n\"population.online\"=[1,2]\n\"population.participants\"=[1,2]\nseed=[1]",
            &[],
        ),
    ] {
        println!("{}\n=====================", errors(text, sets));
    }
}
