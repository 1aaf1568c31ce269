//! After the first step, a training step allocates nothing.
#![allow(unsafe_code, clippy::unwrap_used)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use evenkeel::prelude::*;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// Counts what each thread asks of the system's allocator.
struct Counting;

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn the_counter_counts() {
    assert!(allocations(|| drop(std::hint::black_box(vec![1, 2, 3]))) >= 1);
}

#[test]
fn after_the_first_step_a_training_step_allocates_nothing() {
    let data = digits::<f32>();
    let samples: Vec<usize> = (0..32).collect();
    let (x, y) = (data.inputs().gather(&samples), data.target_tensor().gather(&samples));
    let network = Sequential::mlp(64, &[100, 100, 100], 10, Activation::Relu);
    let mut model: Model = network.build(&Policy::auto(), 1).unwrap();
    let loss = Loss::softmax_cross_entropy();
    let optimizers: [&dyn Fn(&Model) -> Stepper; 2] =
        [&|model| Stepper::new(model, loss, Adam::default(), 1).unwrap(), &|model| {
            let momentum = Sgd::new().with_momentum(Momentum::Classic(0.9));
            Stepper::new(model, loss, momentum, 1).unwrap()
        }];
    for make in optimizers {
        let mut stepper = make(&model);
        let mut step = |model: &mut Model| stepper.step(model, &x, &y, 1e-4).unwrap();
        let first = allocations(|| assert!(step(&mut model).updated));
        assert!(first > 0);
        let later = allocations(|| (0..100).for_each(|_| assert!(step(&mut model).updated)));
        assert_eq!(later, 0);
    }
}

#[test]
fn neither_does_one_that_several_threads_share() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    pool.install(|| {
        let network = Sequential::mlp(784, &[512, 256], 10, Activation::Relu);
        let mut model: Model = network.build(&Policy::auto(), 1).unwrap();
        let loss = Loss::softmax_cross_entropy();
        let mut stepper = Stepper::new(&model, loss, Adam::default(), 1).unwrap();
        let (x, y) = (Tensor::full([128, 784], 0.1), Tensor::zeros([128]));
        let mut step = |model: &mut Model| stepper.step(model, &x, &y, 1e-4).unwrap();
        // Whoever works on a part for the first time makes room for it.
        (0..10).for_each(|_| assert!(step(&mut model).updated));
        let later = allocations(|| (0..50).for_each(|_| assert!(step(&mut model).updated)));
        assert_eq!(later, 0);
    });
}

#[test]
fn a_predictor_allocates_nothing_either() {
    let network = Sequential::mlp(784, &[512, 256], 10, Activation::Relu);
    let model: Model = network.build(&Policy::auto(), 1).unwrap();
    let mut predictor = model.predictor().unwrap();
    let (x, mut y) = (Tensor::full([1, 784], 0.1), Tensor::zeros([1, 10]));
    predictor.predict_into(&x, &mut y).unwrap();
    let later = allocations(|| (0..50).for_each(|_| predictor.predict_into(&x, &mut y).unwrap()));
    assert_eq!(later, 0);
}
