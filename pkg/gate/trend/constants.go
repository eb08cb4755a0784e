package trend

// The constants of the procedure. They were chosen on the noise in pkg/gate/accuracy/changepoints,
// with a seed of their own; doc.go says what each costs and gains.
const (
	defaultEffect = .02
	defaultAlpha  = .025
	mostP         = .001 // a few points have few places to choose from, and all are tried

	minSegment      = 3    // points: two bad runs in a row are no level
	penaltyFactor   = 1.75 // times ln n and the scale
	firstPenalty    = 2    // times the penalty, for the fit whose residuals tell of autocorrelation
	enoughForMemory = 20   // points from which they do
	inflationFloor  = 1.2  // below it, autocorrelation is left alone
	inflationMore   = 2    // above it, fits follow each other
	mostFits        = 5    // of those
	memoryMost      = .9   // the largest autocorrelation that is corrected for

	normalMAD   = 1.4826
	noiseFloor  = .0005 // standard deviation: no clock is better than .05 %
	trimmedMean = .929  // mean of the smallest nine tenths of |differences| of normal values, over σ

	neighbours  = 100 // points on each side by which a change is judged
	exactSide   = 12  // points of the smaller side up to which the rank test enumerates
	nowhereNear = .05 // a p above this is not made small by enumerating
	unlikely    = 3.0 // log likelihood below the best up to which a place may be that of the change

	always     = 48     // points up to which every new one fits all anew
	mostLevels = 32     // quantiles that are levels
	zeroLog    = -1e3   // stands for the logarithm of 0; that of the least positive value is −745
	tiniest    = 1e-300 // of p, so that it has a quantile
)
