#lang racket/base
; SPDX-License-Identifier: PostgreSQL
;
; Racket's db, by a virtual connection, which is its pool.
; See t/lib/PgJump/Client.pm.
(require db racket/string racket/match openssl)

(define (escaped text)
  (string-replace
   (string-replace (string-replace text "\\" "\\\\") "\n" "\\n") "\t" "\\t"))

(define (answer . fields)
  (displayln (string-join (cons (car fields) (map escaped (cdr fields))) "\t"))
  (flush-output))

(define (mode sslmode)
  (match sslmode
    ["disable" 'no]
    ["prefer" 'optional]
    [_ 'yes]))

(define (context root)
  (define made (ssl-make-client-context 'auto))
  (unless (equal? root "")
    (ssl-load-verify-root-certificates! made root)
    (ssl-set-verify! made #t)
    (ssl-set-verify-hostname! made #t))
  made)

(define pool #f)
(define made '()) ; a pool keeps its idle connections for good

(define (enter host port user password dbname sslmode root)
  (define (connect)
    (define connection
      (postgresql-connect #:server host #:port (string->number port)
                          #:user user #:password password #:database dbname
                          #:ssl (mode sslmode)
                          #:ssl-context (context root)))
    (set! made (cons connection made))
    connection)
  (set! pool (virtual-connection (connection-pool connect)))
  (void (first-value "select 1")))

(define (leave)
  (for ([connection made])
    (with-handlers ([exn:fail? void]) ; it was lost before
      (disconnect connection)))
  (set! made '())
  (set! pool #f))

(define (text value)
  (cond [(string? value) value]
        [(sql-null? value) ""]
        [else (format "~a" value)]))

(define (first-value sql)
  (match (query pool sql)
    [(rows-result _ (cons row _)) (text (vector-ref row 0))]
    [_ ""]))

(define (obey what . with)
  (cond [(equal? what "query") (apply first-value with)]
        [else
         (leave)
         (when (equal? what "connect") (apply enter with))
         ""]))

(define (refused error)
  (define state (if (exn:fail:sql? error) (exn:fail:sql-sqlstate error) ""))
  (answer "error" (format "~a" state) (exn-message error)))

(let loop ()
  (define line (read-line))
  (unless (eof-object? line)
    (with-handlers ([exn:fail? refused])
      (answer "ok" (apply obey (string-split line "\t" #:trim? #f))))
    (loop)))
