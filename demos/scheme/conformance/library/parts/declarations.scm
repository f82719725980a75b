;; Declarations for include-library-declarations.
(export (rename added from-declarations))
