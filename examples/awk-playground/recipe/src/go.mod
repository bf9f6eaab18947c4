module awk-playground

go 1.19
