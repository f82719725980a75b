;; Hash tables.  With a usual equivalence a table is one of the system's; with another it is one from
;; hashes to association lists.

(define-record-type table
  (make-table content direct? same? hash size)
  hash-table?
  (content table-content)
  (direct? table-direct?)
  (same? hash-table-equivalence-function)
  (hash hash-table-hash-function)
  (size table-size set-table-size!))

(define (usual-hash same?)
  (cond ((eq? same? eq?) hash-by-identity)
        ((eq? same? string=?) string-hash)
        ((eq? same? string-ci=?) string-ci-hash)
        (else hash)))

(define make-hash-table
  (case-lambda
    (() (make-hash-table equal?))
    ((same?) (make-hash-table same? (usual-hash same?)))
    ((same? hash . arguments)
     (cond ((memq same? (list equal? string=?))
            (make-table (system:make-equal-hash-table) #t same? hash 0))
           ((memq same? (list eq? eqv?))
            (make-table (system:make-eqv-hash-table) #t same? hash 0))
           (else (make-table (system:make-eqv-hash-table) #f same? hash 0))))))

(define absent (list 'absent))

;; The association list in which the key would be.
(define (bucket table key)
  (system:hash-table-ref/default
   (table-content table) ((hash-table-hash-function table) key default-bound) '()))

(define (set-bucket! table key entries)
  (system:hash-table-set!
   (table-content table) ((hash-table-hash-function table) key default-bound) entries))

(define (find-entry table key)
  (let ((same? (hash-table-equivalence-function table)))
    (let loop ((entries (bucket table key)))
      (cond ((null? entries) #f)
            ((same? key (caar entries)) (car entries))
            (else (loop (cdr entries)))))))

(define (hash-table-ref/default table key default)
  (if (table-direct? table)
      (system:hash-table-ref/default (table-content table) key default)
      (let ((entry (find-entry table key)))
        (if entry (cdr entry) default))))

(define hash-table-ref
  (case-lambda
    ((table key)
     (hash-table-ref table key (lambda () (error "hash-table-ref: no such key:" key))))
    ((table key otherwise)
     (let ((value (hash-table-ref/default table key absent)))
       (if (eq? value absent) (otherwise) value)))))

(define (hash-table-exists? table key)
  (not (eq? (hash-table-ref/default table key absent) absent)))

(define (hash-table-set! table key value)
  (if (table-direct? table)
      (system:hash-table-set! (table-content table) key value)
      (let ((entry (find-entry table key)))
        (if entry
            (set-cdr! entry value)
            (begin
              (set-table-size! table (+ (table-size table) 1))
              (set-bucket! table key (cons (cons key value) (bucket table key))))))))

(define (without entry entries)
  (if (eq? (car entries) entry)
      (cdr entries)
      (cons (car entries) (without entry (cdr entries)))))

(define (hash-table-delete! table key)
  (if (table-direct? table)
      (system:hash-table-delete! (table-content table) key)
      (let ((entry (find-entry table key)))
        (when entry
          (set-table-size! table (- (table-size table) 1))
          (set-bucket! table key (without entry (bucket table key)))))))

(define hash-table-update!
  (case-lambda
    ((table key f) (hash-table-set! table key (f (hash-table-ref table key))))
    ((table key f otherwise)
     (hash-table-set! table key (f (hash-table-ref table key otherwise))))))
(define (hash-table-update!/default table key f default)
  (hash-table-set! table key (f (hash-table-ref/default table key default))))

(define (hash-table-size table)
  (if (table-direct? table)
      (system:hash-table-count (table-content table))
      (table-size table)))

(define (hash-table->alist table)
  (let ((entries (system:hash-table->alist (table-content table))))
    (if (table-direct? table) entries (apply append (map cdr entries)))))
(define (hash-table-keys table) (map car (hash-table->alist table)))
(define (hash-table-values table) (map cdr (hash-table->alist table)))
(define (hash-table-walk table f)
  (for-each (lambda (entry) (f (car entry) (cdr entry))) (hash-table->alist table)))
(define (hash-table-fold table f init)
  (let loop ((entries (hash-table->alist table)) (result init))
    (if (null? entries)
        result
        (loop (cdr entries) (f (caar entries) (cdar entries) result)))))

(define (alist->hash-table entries . arguments)
  (let ((table (apply make-hash-table arguments)))
    (for-each (lambda (entry)
                (unless (hash-table-exists? table (car entry))
                  (hash-table-set! table (car entry) (cdr entry))))
              entries)
    table))

(define (hash-table-merge! table other)
  (hash-table-walk other (lambda (key value) (hash-table-set! table key value)))
  table)
(define (hash-table-copy table)
  (hash-table-merge! (make-hash-table (hash-table-equivalence-function table)
                                      (hash-table-hash-function table))
                     table))
