;; Included by include-ci, which folds the case of its identifiers.
(DEFINE Upper-Case-Variable 'FOLDED)
