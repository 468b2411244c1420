; SPDX-License-Identifier: PostgreSQL
;
; Common Lisp's Postmodern.  See t/lib/PgJump/Client.pm, which has it compiled,
; since that takes a minute:
;
;	sbcl --load postmodern.lisp --eval '(build "PROGRAM")'
(require :asdf)
(declaim (sb-ext:muffle-conditions sb-ext:compiler-note))
(handler-bind ((warning #'muffle-warning))
  (asdf:load-system :postmodern)
  (asdf:load-system :cl+ssl))

(defun split (line)
  (loop for start = 0 then (1+ end)
        for end = (position #\Tab line :start start)
        collect (subseq line start end)
        while end))

(defun escaped (text)
  (with-output-to-string (out)
    (loop for c across text
          do (case c
               (#\\ (write-string "\\\\" out))
               (#\Newline (write-string "\\n" out))
               (#\Tab (write-string "\\t" out))
               (t (write-char c out))))))

(defun answer (&rest fields)
  (format t "~{~a~^	~}~%" (mapcar #'escaped fields))
  (finish-output))

(defun mode (sslmode root)
  (cond ((equal sslmode "disable") :no)
        ((equal sslmode "prefer") :try)
        ((equal root "") :require)
        (t :full)))

(defun enter (host port user password dbname sslmode root)
  (flet ((connect ()
           (pomo:connect-toplevel dbname user password host
                                  :port (parse-integer port)
                                  :use-ssl (mode sslmode root))))
    (if (equal root "")
        (connect)
        (cl+ssl:with-global-context
            ((cl+ssl:make-context :verify-location root) :auto-free-p t)
          (connect)))
    ""))

(defun ask (sql)
  (let ((value (pomo:query sql :single)))
    (if (member value '(nil :null)) "" (princ-to-string value))))

; What was lost cannot be told that it is left.
(defun leave ()
  (ignore-errors (pomo:disconnect-toplevel))
  (setf pomo:*database* nil)
  "")

(defun obey (what &rest with)
  (cond ((equal what "query") (apply #'ask with))
        (t (leave)
           (if (equal what "connect") (apply #'enter with) ""))))

(defun state-of (problem)
  (or (and (typep problem 'cl-postgres:database-error)
           (cl-postgres:database-error-code problem))
      ""))

(defun main ()
  (loop for line = (read-line *standard-input* nil)
        while line
        do (handler-case (answer "ok" (apply #'obey (split line)))
             (error (problem)
               (answer "error" (state-of problem)
                       (princ-to-string problem))))))

(defun build (program)
  (sb-ext:save-lisp-and-die program :executable t :toplevel #'main))
