//! Operations of one's own.

use super::*;

/// y = min(max(slope·x, −1), 1), which tells the backward pass by a saved mask where it was cut.
#[derive(Debug)]
struct Clip {
    slope: f64,
}

impl Op<f64> for Clip {
    fn name(&self) -> &'static str {
        "clip"
    }

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        match inputs {
            [x] if x.axes() > 0 => Ok(*x),
            _ => Err("expects one operand with axes".into()),
        }
    }

    fn saved_len(&self, inputs: &[Shape]) -> usize {
        inputs[0].len()
    }

    fn needs(&self) -> Needs {
        Needs::NOTHING
    }

    fn forward(
        &self,
        inputs: &[View<'_, f64>],
        output: &mut [f64],
        saved: &mut [f64],
        _: Context,
    ) -> Result<(), String> {
        for ((y, mask), x) in output.iter_mut().zip(saved).zip(inputs[0].data) {
            let line = self.slope * x;
            (*y, *mask) = (line.clamp(-1.0, 1.0), if line.abs() < 1.0 { self.slope } else { 0.0 });
        }
        if inputs[0].data.iter().any(|x| x.is_nan()) {
            Err("expects numbers".into())
        } else {
            Ok(())
        }
    }

    fn backward(&self, pass: Backward<'_, f64>, _: usize, gradient: Gradient<'_, f64>) {
        gradient.from_two(pass.upstream, pass.saved, |g, mask| g * mask);
    }
}

#[test]
fn an_operation_of_ones_own_works_among_others() {
    let x = Tensor::from_vec([4], vec![-0.9, -0.2, 0.3, 1.7]).unwrap();
    // Linear on both sides of the corners, so that the check is exact up to rounding.
    assert!(check::gradient_error(&Clip { slope: 2.0 }, &[x]).unwrap() < 1e-9);

    let (mut params, ids) = store([[4, 4], [4, 4]]);
    let x = normal([3, 4], "x");
    // Within ±1 for some and beyond for others, none near enough to be moved across by H.
    params.get_mut(ids[0]).value_mut().as_mut_slice().iter_mut().for_each(|w| *w *= 2.0);
    let mut cut = x.matmul(params.get(ids[0]).value()).unwrap().map(|x| (1.5 * x).abs()).into_vec();
    cut.sort_by(f64::total_cmp);
    assert!(cut[0] < 1.0 && cut[11] > 1.0 && cut.iter().all(|x| (x - 1.0).abs() > 1e-2));
    check_gradients(&params, |g| {
        let h = g.constant(x.clone()).matmul(g.param(ids[0]));
        let clipped = g.apply(Clip { slope: 1.5 }, &[h]);
        (clipped.matmul(g.param(ids[1])).silu() + clipped * h).square().mean_all()
    });
}

#[test]
fn an_operation_of_ones_own_is_named_with_its_path_when_it_refuses() {
    let params = Params::<f64>::new();
    let graph = Graph::new(&params);
    let x = graph.input("x", [2]);
    let y = graph.scope("cut", || graph.apply(Clip { slope: 1.0 }, &[x]));
    let mut plan = Plan::builder(&graph).output(y).build().unwrap();
    let bad = Tensor::from_vec([2], vec![0.0, f64::NAN]).unwrap();
    assert_eq!(message(plan.forward(&params, &[&bad])), "cut: clip expects numbers");
    let _ = graph.scope("cut", || graph.apply(Clip { slope: 1.0 }, &[x.sum_all()]));
    assert_eq!(message(graph.check()), "cut: clip expects one operand with axes");
}
