"""The classical baseline: functionals by openSMILE, a linear and a small neural classifier.

Light to import: `edgeser.baseline.functionals` starts openSMILE, `edgeser.baseline.classifiers`
imports scikit-learn, both where they are used and from the extra ``edgeser[baseline]``.
"""
