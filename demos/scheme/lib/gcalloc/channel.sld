;; Channels, through which threads pass values in order.
;;
;;   (make-channel [capacity])             how many values wait in it at most; without one there is no limit
;;   (channel-send! channel value)         waits while it is full; an error if it is closed
;;   (channel-receive! channel [time-out [otherwise]])
;;                                         waits for a value; the end-of-file object once it is closed and
;;                                         empty; `otherwise`, or #f, when the time is over
;;   (channel-close! channel)              nothing can be sent any more; what waits can be received
(define-library (gcalloc channel)
  (import (scheme base) (scheme case-lambda) (srfi 18))
  (export make-channel channel? channel-send! channel-receive! channel-close! channel-closed?)
  (begin
    ;; The values are in the list `first`, of which `last` is the last pair.
    (define-record-type channel
      (new-channel mutex changed capacity count first last closed?)
      channel?
      (mutex mutex-of)
      (changed changed-of)
      (capacity capacity-of)
      (count count-of set-count!)
      (first first-of set-first!)
      (last last-of set-last!)
      (closed? channel-closed? set-closed!))

    (define make-channel
      (case-lambda
        (() (make-channel #f))
        ((capacity)
         (if (not (or (not capacity) (and (exact-integer? capacity) (> capacity 0))))
             (error "make-channel: the capacity should be a positive integer:" capacity))
         (new-channel (make-mutex) (make-condition-variable) capacity 0 '() #f #f))))

    (define (put! channel value)
      (let ((pair (list value)))
        (if (null? (first-of channel))
            (set-first! channel pair)
            (set-cdr! (last-of channel) pair))
        (set-last! channel pair)
        (set-count! channel (+ (count-of channel) 1))))

    (define (take! channel)
      (let ((pair (first-of channel)))
        (set-first! channel (cdr pair))
        (set-count! channel (- (count-of channel) 1))
        (car pair)))

    (define (full? channel)
      (and (capacity-of channel) (>= (count-of channel) (capacity-of channel))))

    ;; Lets the mutex go and returns the value; others look again.
    (define (leave channel value)
      (condition-variable-broadcast! (changed-of channel))
      (mutex-unlock! (mutex-of channel))
      value)

    (define (channel-send! channel value)
      (mutex-lock! (mutex-of channel))
      (cond ((channel-closed? channel)
             (mutex-unlock! (mutex-of channel))
             (error "channel-send!: the channel is closed"))
            ((full? channel)
             (mutex-unlock! (mutex-of channel) (changed-of channel))
             (channel-send! channel value))
            (else
             (put! channel value)
             (leave channel #t))))

    (define (receive channel deadline otherwise)
      (mutex-lock! (mutex-of channel))
      (cond ((pair? (first-of channel)) (leave channel (take! channel)))
            ((channel-closed? channel) (leave channel (eof-object)))
            ((mutex-unlock! (mutex-of channel) (changed-of channel) deadline)
             (receive channel deadline otherwise))
            (else otherwise)))

    (define channel-receive!
      (case-lambda
        ((channel) (receive channel #f #f))
        ((channel time-out) (channel-receive! channel time-out #f))
        ((channel time-out otherwise)
         (receive channel
                  (if (number? time-out)
                      (seconds->time (+ (time->seconds (current-time)) time-out))
                      time-out)
                  otherwise))))

    (define (channel-close! channel)
      (mutex-lock! (mutex-of channel))
      (set-closed! channel #t)
      (leave channel #t))))
