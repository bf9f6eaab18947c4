module ca-certs-go

go 1.19
