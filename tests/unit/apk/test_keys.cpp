// SPDX-FileCopyrightText: the quern authors
// SPDX-License-Identifier: Apache-2.0
// Keys made for these tests; nothing is signed with them that anybody trusts.
#include "unit/apk/test_keys.hpp"

#include <catch2/catch.hpp>

namespace quern::test {

const std::string& private_pem() {
    static const std::string pem =
        "-----BEGIN RSA PRIVATE KEY-----\n"
        "MIIEogIBAAKCAQEArnatWbk7oVxjWFeopPYGEt+34soQ7DJUq3+C6fvRC2+5asW0\n"
        "lP7iZT9mB4JQdLjJYw66CHZfNaqw4RSDQ6Cbjc1NiFV1cIq/TkJKK18kRrC3Bpqs\n"
        "wwNH0vjdVb6qaNbr8dIq0R41/SAHWt5Szak9gukUw5xHcbi8j/yt34uafDWe5vXh\n"
        "vjLjCbE582rjhOQykGZD8gRCzOdMLrqJepzUV9BQYAIqLbZ164Bc1JJq2Ze4nny9\n"
        "wS1bTBfgcPnNaO2f9e6xB9jQA+FqVkJWbhxfP9noLAWycXtq0lYJI9Z482tXcM36\n"
        "xkjobvK7KAepUahQkGNA30/euyTahH1RVpNG/wIDAQABAoIBAAfuflATc0oRPLUB\n"
        "+zlQtBL8l8wYOq+6VA4d9HI10BmwgSIBDgYuFlXbDYTu4ECGPCWkQEHtO8PhWDxL\n"
        "ZfJXpWrLeChoFjhBHpRswBl7sFcEZrXGp28QQZ4uUUW6Lt4oUz7Bus+aC4NQBvWT\n"
        "IPmXpaPDe/2up7LcXro/FxqQKrxV0oCM+ZJYzAK/hjOg1bDY8/UfLPaELhlL04oG\n"
        "j6unnPGC9QCcYXrjFp3Oz1iK6Xwo5bTEFZ8bBbJ9SQM75BCRyVK0N65juHIYJsOQ\n"
        "vMNbzthopzAtq1AxhDBtmXkYp0tDwHI248XPIEwdYhnVPXnb4fRCPjuTKXR/VRGe\n"
        "PcNwEMECgYEA3Umg1pRazg3JsOeEz7newJqS+Ya9IByasJOLg6h9A3jGF3BKEZKb\n"
        "P4DrHTOrrlplNyudDCXvPJ6gmHWoTkPIwEdCR8n/TK8yV9TnHn9iiJ20mG+i2wVJ\n"
        "46RrJUgNvfUAsY1GaawIqfkRVmMJYSISn3xQWiziDqJJd3jmwF6GHsECgYEAydS1\n"
        "vI/BzD+bVAU8nWEGqjBTZAzAyfpTfuDmRjMapvltEpwr6LmlKFWU70M50auK1+nk\n"
        "Qdm8yJWU4W8avVrba8bFS4EBQ+/6DNDgJvR5+2OCht5LQc3QUbLaydnMDD0XdXm7\n"
        "jL8ZGRt6A0YwN9o8Ir0w+Vt8i7DTWP8wX8Oclb8CgYBNMNrfHz8Rs7OQdyJYB8FR\n"
        "NFpimoKsie3X/I/lLEf3hxCqqmvb92UaYNEjDZwspLG77gXJcA4k+jyREjHUo0aK\n"
        "9BCF1EuvJ0oLY2P/unXXrBOMPRz1A8JDm14Y0iqhAa7tQJe4Ut9u00gd90wVSvpu\n"
        "EcJBwnhUnH2+JDlyD0b/wQKBgEg/oJ7TRyh6THwTM9OSe/RIQFG8Tvb+aQ0uLMBM\n"
        "YuoKt4TF6uHwMrLxj9LmWbg4lAcebtszumSDRzw7rXLDJ3C5Qr74ex96tCQKUXMg\n"
        "aNoYkQz+Xio8JqpYQAGpuWVYKSGgZgbIEY/vSgoKAhC8SnKVDwb0PO00azOchhCB\n"
        "0Xe5AoGAROmi1mE/0Ewh98937Q+shNYgxGOEdDOi0o/OKgAIymgO0x/qq3dcif2E\n"
        "HlRzcNImCxhOXGzEOY+65N1Z9TtaWDu2JQergL+I6z1MN+A2pT/MMOga8CLme/NM\n"
        "iy5f+XC4HlrY2QtKtHVnLhMh3BJ1yzvjK4Gi+pPYDq61G5UMBUE=\n"
        "-----END RSA PRIVATE KEY-----\n";
    return pem;
}

const std::string& public_pem() {
    static const std::string pem =
        "-----BEGIN PUBLIC KEY-----\n"
        "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArnatWbk7oVxjWFeopPYG\n"
        "Et+34soQ7DJUq3+C6fvRC2+5asW0lP7iZT9mB4JQdLjJYw66CHZfNaqw4RSDQ6Cb\n"
        "jc1NiFV1cIq/TkJKK18kRrC3BpqswwNH0vjdVb6qaNbr8dIq0R41/SAHWt5Szak9\n"
        "gukUw5xHcbi8j/yt34uafDWe5vXhvjLjCbE582rjhOQykGZD8gRCzOdMLrqJepzU\n"
        "V9BQYAIqLbZ164Bc1JJq2Ze4nny9wS1bTBfgcPnNaO2f9e6xB9jQA+FqVkJWbhxf\n"
        "P9noLAWycXtq0lYJI9Z482tXcM36xkjobvK7KAepUahQkGNA30/euyTahH1RVpNG\n"
        "/wIDAQAB\n"
        "-----END PUBLIC KEY-----\n";
    return pem;
}

const std::string& pkcs8_pem() {
    static const std::string pem =
        "-----BEGIN PRIVATE KEY-----\n"
        "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCudq1ZuTuhXGNY\n"
        "V6ik9gYS37fiyhDsMlSrf4Lp+9ELb7lqxbSU/uJlP2YHglB0uMljDroIdl81qrDh\n"
        "FINDoJuNzU2IVXVwir9OQkorXyRGsLcGmqzDA0fS+N1Vvqpo1uvx0irRHjX9IAda\n"
        "3lLNqT2C6RTDnEdxuLyP/K3fi5p8NZ7m9eG+MuMJsTnzauOE5DKQZkPyBELM50wu\n"
        "uol6nNRX0FBgAiottnXrgFzUkmrZl7iefL3BLVtMF+Bw+c1o7Z/17rEH2NAD4WpW\n"
        "QlZuHF8/2egsBbJxe2rSVgkj1njza1dwzfrGSOhu8rsoB6lRqFCQY0DfT967JNqE\n"
        "fVFWk0b/AgMBAAECggEAB+5+UBNzShE8tQH7OVC0EvyXzBg6r7pUDh30cjXQGbCB\n"
        "IgEOBi4WVdsNhO7gQIY8JaRAQe07w+FYPEtl8lelast4KGgWOEEelGzAGXuwVwRm\n"
        "tcanbxBBni5RRbou3ihTPsG6z5oLg1AG9ZMg+Zelo8N7/a6nstxeuj8XGpAqvFXS\n"
        "gIz5kljMAr+GM6DVsNjz9R8s9oQuGUvTigaPq6ec8YL1AJxheuMWnc7PWIrpfCjl\n"
        "tMQVnxsFsn1JAzvkEJHJUrQ3rmO4chgmw5C8w1vO2GinMC2rUDGEMG2ZeRinS0PA\n"
        "cjbjxc8gTB1iGdU9edvh9EI+O5MpdH9VEZ49w3AQwQKBgQDdSaDWlFrODcmw54TP\n"
        "ud7AmpL5hr0gHJqwk4uDqH0DeMYXcEoRkps/gOsdM6uuWmU3K50MJe88nqCYdahO\n"
        "Q8jAR0JHyf9MrzJX1Ocef2KInbSYb6LbBUnjpGslSA299QCxjUZprAip+RFWYwlh\n"
        "IhKffFBaLOIOokl3eObAXoYewQKBgQDJ1LW8j8HMP5tUBTydYQaqMFNkDMDJ+lN+\n"
        "4OZGMxqm+W0SnCvouaUoVZTvQznRq4rX6eRB2bzIlZThbxq9WttrxsVLgQFD7/oM\n"
        "0OAm9Hn7Y4KG3ktBzdBRstrJ2cwMPRd1ebuMvxkZG3oDRjA32jwivTD5W3yLsNNY\n"
        "/zBfw5yVvwKBgE0w2t8fPxGzs5B3IlgHwVE0WmKagqyJ7df8j+UsR/eHEKqqa9v3\n"
        "ZRpg0SMNnCyksbvuBclwDiT6PJESMdSjRor0EIXUS68nSgtjY/+6ddesE4w9HPUD\n"
        "wkObXhjSKqEBru1Al7hS327TSB33TBVK+m4RwkHCeFScfb4kOXIPRv/BAoGASD+g\n"
        "ntNHKHpMfBMz05J79EhAUbxO9v5pDS4swExi6gq3hMXq4fAysvGP0uZZuDiUBx5u\n"
        "2zO6ZINHPDutcsMncLlCvvh7H3q0JApRcyBo2hiRDP5eKjwmqlhAAam5ZVgpIaBm\n"
        "BsgRj+9KCgoCELxKcpUPBvQ87TRrM5yGEIHRd7kCgYBE6aLWYT/QTCH3z3ftD6yE\n"
        "1iDEY4R0M6LSj84qAAjKaA7TH+qrd1yJ/YQeVHNw0iYLGE5cbMQ5j7rk3Vn1O1pY\n"
        "O7YlB6uAv4jrPUw34DalP8ww6BrwIuZ780yLLl/5cLgeWtjZC0q0dWcuEyHcEnXL\n"
        "O+MrgaL6k9gOrrUblQwFQQ==\n"
        "-----END PRIVATE KEY-----\n";
    return pem;
}

const std::string& locked_pkcs1_pem() {
    static const std::string pem =
        "-----BEGIN RSA PRIVATE KEY-----\n"
        "Proc-Type: 4,ENCRYPTED\n"
        "DEK-Info: AES-128-CBC,203D4FC0FEBB150E67250448ACA24450\n"
        "\n"
        "S4jJQawftAuJtkyCMJDhdl8g0Bd4t5V7KNn3MOWW1aSxkHuSctniYzwtT5kDKKeZ\n"
        "p+QNtUlvZyRGaFG4pS3pqsoyeu0mOleJV69cqbToDwso+HsQe6IuZeFjXKM5gz11\n"
        "H10e4MjtVnyJQe4utIZeBmFuLDa4szxAeY7SnzfxU8wokB9NlrIO1fGzz+pl2O5d\n"
        "qKBi0T88RB0yPFvVszWYI3BITlWPQo4vWVONvv3IwGeSU1WG0Re9Pcdd4trdPrzF\n"
        "IGe+I5ZHcTYgw8evBILAyl8bpMVPZmxQB/loTwvI0kbx627GFZfGWDhMyvEUccGd\n"
        "f4Q8uWUE3fBURP7UJoszuxYe+zT6DziBmbtR0KSroisD2IbKLeMTFjqVdHoUUtPv\n"
        "1luRZr1ZoQtoNRapeYALPXZIL4TAL6lhm/c5+AXj+vraJui59rEas+wlYMPy21Mj\n"
        "7k3wvKZxUFwWyUBLtINfDLaoK4VS/5UQ7aXXRZTxFzVK1rXkk9bYwy73xK9jp9L/\n"
        "ytpFn1P+XYjxQLyY8xi5zUAHtXf2pFmJtB8H5ea4+CYrG080LHUF5QKLvmc6G8zc\n"
        "0g+q+3phM3gG7JRKDjdyU58cFwDlaT5+3rqOcqT2Q+ljxeOIu9PMVJnfia/U7LSX\n"
        "wMQfibu93L2lKYnLAdmnJS/iloA4v/4ZJmVXC93jOqK9wZTUJdFwHv+aD8s2Iw/0\n"
        "d5pZ1tnzMQMxvLfbo2uZWeVy89y1+ZClyYZLLq0byMX+5M38yqoDTk9s6cnYutW3\n"
        "d0xCW4Q6WW1u4bn8pHpgOqFYPKRcRQVLcdjtQQV0ycxAkhhpvrclPFQibL6z7pWT\n"
        "f6rlznsHsAY2OJIfzj0pQO628WIpa1BdDEbBoOaaMI8pxpfQ6PUoS4jWmWhPWek2\n"
        "GdrrdLuBQck8Wb6eMGem79URnuVijwuJtOu9sMO2Q4N22X5aQD0zFTRY6wg7kme6\n"
        "lXj6IKswaRX8fxqApY7b0Xwmq6lyWuUOwwx1jrcOyorUS9a71J23TNK+ZFR2U1Af\n"
        "d6sXObv/clS6pKkHG7R46Dff3aqNxvY1n0g1hd6tYFo2SXctHYe96RzzQCaHP1TU\n"
        "+SH8FzgwdZvbMLobmMYEzBFqLcsfMbv+yfPnQmQROImNG25W48tkZB2V9kLYTRc6\n"
        "36u3JN1iKRpAg1yvzjcmd83OCnZIGpYB4maoB8f/TyAx8lJOnkmhiGP1LHrUxaR3\n"
        "iv7bN/gyDzHaO/LIY0IZQb6DL9LqcFwVd5vH7pJRJcvVGmNTDW8PX2WhJVMbHeoz\n"
        "ZZtIrLRIflDRhLnOUm/QQ8FI3b4zuY9ftLEzKv8p3MPQ09f/Kq1lWOoYXwB7Y7cK\n"
        "deoWuvS2DeV13j5zFEwEYYEMHoSlFHBy0ezNHZ1P6IQ4QOaAvAu4kuNYLFramwWD\n"
        "s2YCwYnttWy/So1iW9cxrZ8MqOkN0iaYjv6v5qi7N0ohrb0mEIgvs0/rg7svpodY\n"
        "mIVHMTjcSYfS4XVf1/82EqhVDAa3bnoiDrf32B15ifuQwZQxtte0bvm9mHVBwrIi\n"
        "oWF7BWID8M5BzAF1/EMWemXyGCF2KT6d4fhpc8IS66j9yVpoe4l1YPaxGebh6kcJ\n"
        "-----END RSA PRIVATE KEY-----\n";
    return pem;
}

const std::string& elliptic_private_pem() {
    static const std::string pem =
        "-----BEGIN EC PRIVATE KEY-----\n"
        "MHcCAQEEILVSoZUa/tUtc5+vaPoDKmFKmoNRK5O7XdJYibXSNnb3oAoGCCqGSM49\n"
        "AwEHoUQDQgAEZeYGdGaMb9TjoTdQqPzWeXDlBUVBTiguWcGgKxs4PY7gGF2AQqQE\n"
        "8Um1qn20iZbhN9s5y3HkXSnGPVvBKSRbWQ==\n"
        "-----END EC PRIVATE KEY-----\n";
    return pem;
}

const std::string& elliptic_public_pem() {
    static const std::string pem =
        "-----BEGIN PUBLIC KEY-----\n"
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZeYGdGaMb9TjoTdQqPzWeXDlBUVB\n"
        "TiguWcGgKxs4PY7gGF2AQqQE8Um1qn20iZbhN9s5y3HkXSnGPVvBKSRbWQ==\n"
        "-----END PUBLIC KEY-----\n";
    return pem;
}

const std::string& small_public_pem() {
    static const std::string pem =
        "-----BEGIN PUBLIC KEY-----\n"
        "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKjslL0X7wO165VD2oF5BKFfP00A5cdI\n"
        "C/FlOrmHFRtz6cWLovVBfqYpFNGEIMKgCftDKPLlSSgdaKFCKAkdVVECAwEAAQ==\n"
        "-----END PUBLIC KEY-----\n";
    return pem;
}

const apk::PrivateKey& test_key() {
    static const apk::PrivateKey key = [] {
        auto parsed = apk::PrivateKey::parse("test.rsa", private_pem());
        REQUIRE(parsed);
        return std::move(*parsed);
    }();
    return key;
}

const apk::Keyring& test_keyring() {
    static const apk::Keyring ring = [] {
        apk::Keyring made;
        REQUIRE(made.add(test_key().public_key_name(), *test_key().public_key()));
        return made;
    }();
    return ring;
}

}  // namespace quern::test
